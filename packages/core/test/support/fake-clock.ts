/** The clock of @plugboard/testing. Core's own tests take it from the source: the package depends on core. */
export { createFakeClock, until, type FakeClock, type FakeClockOptions } from '../../../testing/src/clock.ts';
