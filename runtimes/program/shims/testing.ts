/** What the tests of providers take from the kit, without the parts that read files or start processes. */
export { createCanaries, findCanaries } from '../../../packages/testing/src/canary.ts';
export { createFakeClock } from '../../../packages/testing/src/clock.ts';
export { providerContract } from '../../../packages/testing/src/provider-contract.ts';
export { createTestBoard } from '../../../packages/testing/src/test-board.ts';

/** These compare with files and with packages that need Node: no matter of the runtime. */
const elsewhere = () => undefined;
export { elsewhere as agreesWithVerifier, elsewhere as conformance, elsewhere as conformanceOf };
