/** What is said of a mutation run: the score, what survived, and what is excused for a reason that still holds. */
import { expect, test } from 'vitest';

import { strykerPlugins } from '../mutation/ignore-words.ts';
import {
  problemsOf,
  resultOf,
  sectionOf,
  withoutStaticSurvivors,
  withSection,
  type StrykerReport,
} from '../mutation/report.ts';

const source = 'const a = 1;\nif (a > 0 &&\n  b) c();\n';
const mutant = (
  status: string,
  [line, column, endLine, endColumn]: readonly number[] = [2, 5, 2, 10],
  replacement = 'a >= 0',
) => ({
  mutatorName: 'EqualityOperator',
  status,
  replacement,
  location: { start: { line: line!, column: column! }, end: { line: endLine!, column: endColumn! } },
});
const report = (...mutants: ReturnType<typeof mutant>[]): StrykerReport => ({
  files: { 'packages/core/src/vault/a.ts': { source, mutants } },
});
const killed = Array.from({ length: 18 }, () => mutant('Killed'));
const area = { about: 'sealing', files: ['vault/*.ts'], tests: [] };

test('the score counts what timed out as noticed, and what no test reaches as not', () => {
  const result = resultOf(
    report(...killed, mutant('Timeout'), mutant('NoCoverage'), mutant('Ignored'), mutant('CompileError')),
    [],
  );
  expect(result).toMatchObject({ mutants: 20, noticed: 19, score: 95 });
  expect(problemsOf('vault', result)).toEqual(['vault/a.ts:2: nobody notices a > 0 -> a >= 0']);
});

test('a score that is too low is a problem, and so is a run of nothing', () => {
  const excused = { file: 'vault/a.ts', code: 'a > 0', why: 'Never zero.' };
  const low = resultOf(report(...killed, mutant('Survived'), mutant('Survived'), mutant('Survived')), [excused]);
  expect(problemsOf('vault', low)).toEqual(['vault: 85.7 % noticed, at least 90 % are asked for']);
  expect(problemsOf('vault', resultOf(report(), []))).toEqual([
    'vault: no mutant was run',
    'vault: 0.0 % noticed, at least 90 % are asked for',
  ]);
});

test('a survivor is excused by the very code, and by the very change where one is named', () => {
  const over = [mutant('Survived', [2, 5, 3, 4], 'true')];
  const excuse = { file: 'vault/a.ts', code: 'a > 0 && b', why: 'Always so.' };
  const whyOf = (known: Parameters<typeof resultOf>[1]) => resultOf(report(...over), known).survivors[0]?.why;
  expect(whyOf([excuse])).toBe('Always so.');
  expect(whyOf([{ ...excuse, as: ['true'] }])).toBe('Always so.');
  expect(whyOf([{ ...excuse, as: ['false'] }])).toBeUndefined();
  expect(whyOf([{ ...excuse, code: 'a > 0' }])).toBeUndefined();
  expect(whyOf([{ ...excuse, file: 'vault/b.ts' }])).toBeUndefined();
});

test('an excuse that excuses nothing is told, but not one of another area', () => {
  const stale = { file: 'vault/a.ts', code: 'b > 0', why: 'Once so.' };
  expect(problemsOf('vault', resultOf(report(...killed), [stale, { ...stale, file: 'url.ts' }]))).toEqual([
    'tools/mutation/equivalents.ts: vault/a.ts no longer needs `b > 0`',
  ]);
});

test('what survived while its module loaded is asked about again, and nothing else', () => {
  const atLoad = { ...mutant('Survived'), static: true };
  const kept = [{ ...mutant('Killed'), static: true }, mutant('Survived'), { ...mutant('Survived'), static: false }];
  const before = { ...report(atLoad, ...kept), schemaVersion: '1.0' };
  expect(withoutStaticSurvivors(before)).toEqual({ ...report(...kept), schemaVersion: '1.0' });
});

test('the page keeps the sections of other areas', () => {
  const result = resultOf(report(...killed, mutant('Survived')), []);
  const one = withSection('# Page\n', 'vault', sectionOf('vault', area, result));
  expect(one).toContain('## vault: 94.7 %');
  expect(one).toContain('Sealing. 18 of 19 mutants were noticed in `vault/*.ts`.');
  expect(one).toContain('A test is owed.\n\n- vault/a.ts: `a > 0` as `a >= 0`');
  const two = withSection(one, 'egress', sectionOf('egress', area, result));
  const again = withSection(two, 'vault', sectionOf('vault', area, resultOf(report(...killed), [])));
  expect(again.match(/^## .*$/gm)).toEqual(['## vault: 100.0 %', '## egress: 94.7 %']);
});

test.each([
  ['a message', { type: 'StringLiteral', value: 'The URL is not https.' }, true],
  [
    'a hint in a template',
    { type: 'TemplateLiteral', quasis: [{ value: { raw: 'Put ' } }, { value: { raw: ' back into the ring' } }] },
    true,
  ],
  ['a code', { type: 'StringLiteral', value: 'vault_auth_failed' }, false],
  ['a label', { type: 'StringLiteral', value: 'integrations-vault/1' }, false],
  [
    'a cookie',
    {
      type: 'TemplateLiteral',
      quasis: [{ value: { raw: '; Path=/; Max-Age=' } }, { value: { raw: '; HttpOnly; SameSite=Lax' } }],
    },
    false,
  ],
  ['a condition', { type: 'BinaryExpression' }, false],
])('%s: is left alone (%s)', (_, node, ignored) => {
  expect(strykerPlugins[0]?.value.shouldIgnore({ node }) !== undefined).toBe(ignored);
});
