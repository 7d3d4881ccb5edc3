/** Stands in for vitest where it does not run: collects tests, and brings the same assertions. */
import { chai, ChaiStyleAssertions, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';

export interface Collected {
  /** The provider, titles of the groups around it, and its own. */
  readonly path: readonly string[];
  run(context: { annotate(text: string): Promise<void> }): unknown;
}

export const collected: Collected[] = [];
const groups: string[] = [];
let provider = '';

/** From here on tests are those of this provider. */
export function collectFor(id: string): void {
  provider = id;
}

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers]) chai.use(plugin);

const unreachable = (message?: string): never => chai.assert.fail(message ?? 'this must not be reached');
export const expect: object = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  { unreachable },
);

/** The contract registers no tests with parameters: those of a file that have some are its own business. */
const each = () => () => undefined;

export const test = Object.assign(
  (name: string, run: Collected['run']) => void collected.push({ path: [provider, ...groups, name], run }),
  { each },
);

export const describe = Object.assign(
  (name: string, define: () => void) => {
    groups.push(name);
    define();
    groups.pop();
  },
  { each },
);

const nothing = () => undefined;
export { nothing as afterAll, nothing as afterEach, nothing as beforeAll, nothing as beforeEach };
export const vi = {};
