export {
  conformance,
  conformanceOf,
  type ConformanceOptions,
  type ConformanceProblem,
  type ConformanceReport,
} from './conformance.ts';
export { createCanaries, findCanaries, type Canaries, type CanaryHit } from './canary.ts';
export { captureOutput, type Captured } from './capture-output.ts';
export { createFakeClock, until, type FakeClock, type FakeClockOptions } from './clock.ts';
export { newConnection } from './new-connection.ts';
export * from './oauth-server.ts';
export {
  providerCases,
  providerContract,
  type ProviderCase,
  type ProviderContractOptions,
} from './provider-contract.ts';
export {
  createTestBoard,
  type AnswerInstead,
  type ConsentFlow,
  type SentRequest,
  type TestBoard,
  type TestBoardOptions,
} from './test-board.ts';
export { storeContention, type ContendedStore, type StoreContentionOptions } from './store-contention.ts';
export {
  storeContract,
  type StoreContractOptions,
  type StoreGroup,
  type StoreProbe,
  type StoreUnderTest,
} from './store-contract.ts';
export {
  agreesWithVerifier,
  type DifferentialOptions,
  type DifferentialResult,
  type MutatedDelivery,
} from './webhook-differential.ts';
