/** The page of what is tested: rows, the tests that prove them, and what is said of the rest. */
import { describe, expect, test } from 'vitest';

import { coverage } from '../coverage.ts';
import { identifiedTests, testsOf } from '../test-titles.ts';
import { repository } from './fixture.ts';

const areas = [{ title: 'Doors', rows: { A01: 'Locked at night', A02: 'Open | by day' } }];
const tests = testsOf('packages/core/test/door.test.ts', "test('A01 a key turns', f); it('A01, A02 it %s', f);");

describe('titles', () => {
  const titles = (text: string) => testsOf('x.test.ts', text).map(({ ids, title }) => [ids.join(), title]);

  test.each([
    ["test('E08 E09 large', f)", 'E08,E09', 'large'],
    ["it('A02, A06 refuses', f)", 'A02,A06', 'refuses'],
    ["describe('B02 errors', f)", 'B02', 'errors'],
    ["test.each([1])('C01 %s', f)", 'C01', '%s'],
    ["it.skipIf(x).each`a`('C02 $a', f)", 'C02', '$a'],
    ["providerCase('A14 no reserved ones', f)", 'A14', 'no reserved ones'],
    ['it(`C03 ${name} opens`, f)', 'C03', '… opens'],
  ])('are read from %s', (text, ids, title) => {
    expect(titles(text)).toEqual([[ids, title]]);
  });

  test.each([
    "test('no id', f)",
    "test('AES256 is no id', f)",
    "test.skip('A01 skipped', f)",
    "it.todo('A01 to do')",
    "other('A01 not a test', f)",
    "// test('A01 a comment', f)",
    'test(name, f)',
    "test('A01', f)",
  ])('prove nothing in %s', (text) => {
    expect(titles(text)).toEqual([]);
  });

  test('are those of test folders and of the suites that are offered', () => {
    const text = "test('A01 x', f);";
    const root = repository({
      'packages/core/test/a.test.ts': text,
      'packages/core/src/b.ts': text,
      'packages/testing/src/c.ts': text,
      'packages/core/node_modules/x/test/d.test.ts': text,
    });
    expect(identifiedTests(root).map(({ file }) => file)).toEqual([
      'packages/core/test/a.test.ts',
      'packages/testing/src/c.ts',
    ]);
  });
});

describe('the page', () => {
  test('names each file once, with what is left open', () => {
    const { text, problems } = coverage({ tests, areas, standings: { A02: { by: '`pnpm door`', left: 'Windows.' } } });
    expect(problems).toEqual([]);
    const file = '[core/door.test.ts](../../packages/core/test/door.test.ts)';
    expect(text).toContain(`| A01 | Locked at night | ${file}: a key turns and 1 more |  |`);
    expect(text).toContain(`| A02 | Open \\| by day | ${file}: it …<br>\`pnpm door\` | Windows. |`);
  });

  test('says why there is no test', () => {
    const { text, problems } = coverage({ tests: [], areas, standings: { A01: { untested: 'no door.' } } });
    expect(problems.filter((problem) => problem.includes('A01'))).toEqual([]);
    expect(text).toContain('| A01 | Locked at night | None: no door. |');
  });

  test('refuses a row that nothing proves and nobody explains', () => {
    const standings = { A01: { left: 'x' }, A02: { by: '`pnpm door`' } };
    expect(coverage({ tests: [], areas, standings }).problems).toEqual([
      'tools/coverage-rows.ts: A01 has neither a test whose title begins with it nor a reason',
    ]);
  });

  test.each([
    [{ A01: { untested: 'no door.' } }, 'A01 gives a reason for having no test, but packages/core/test/door.test.ts'],
    [{ A01: { untested: 'no door.', by: '`pnpm door`' } }, 'A01 gives a reason'],
    [{ A09: { left: 'x' } }, 'A09 is no row'],
  ])('refuses %o', (standings, problem) => {
    expect(coverage({ tests, areas, standings }).problems.join()).toContain(problem);
  });
});
