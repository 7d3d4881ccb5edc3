import { describe, expect, test } from 'vitest';

import { checkRegexes, judge, readVerdicts, verdictsFile, type Verdicts } from '../check-regexes.ts';
import { regexesIn } from '../regexes.ts';
import { rootDir } from '../workspace.ts';
import { repository } from './fixture.ts';

const file = 'packages/acme/src/a.ts';
const none: Verdicts = { linear: [], bounded: {}, samples: {} };

function problemsOf(source: string, verdicts: Partial<Verdicts> = {}) {
  const root = repository({
    'packages/acme/package.json': { name: '@plugboard/acme' },
    [file]: source,
    [verdictsFile]: { ...none, ...verdicts },
  });
  return checkRegexes(root).then(({ problems }) => problems);
}

describe('R56 G09 an expression that takes more than linear time is refused', () => {
  test.each([
    ['a literal', String.raw`export const a = /^(\w+\s?)+$/;`, 'exponential'],
    [
      'a literal in a call',
      String.raw`export const a = (b: string) => b.replace(/\s+$/, '');`,
      '2nd degree polynomial',
    ],
    ['a constructor', String.raw`export const a = new RegExp('^(a|a)*$');`, 'exponential'],
    ['a call without new', String.raw`export const a = RegExp('^(a|a)*$', 'i');`, 'exponential'],
    ['what constants make', "const one = '(a|a)*';\nexport const a = new RegExp(`^${one}$`);", 'exponential'],
    ['a raw template', 'export const a = new RegExp(String.raw`\\s+$`);', '2nd degree polynomial'],
  ])('%s', async (_, source, complexity) => {
    expect(await problemsOf(source)).toEqual([
      expect.stringMatching(new RegExp(`^${file}:\\d: /.* takes ${complexity} time: `)),
    ]);
  });
});

describe('R56 what is known is not judged again, and nothing else passes', () => {
  const source = 'export const a = /^a+b$/g;';
  test('a verdict is of the text and its flags', async () => {
    expect(await problemsOf(source, { linear: ['/^a+b$/g'] })).toEqual([]);
    expect(await problemsOf(source, { linear: ['/^a+b$/'] })).toEqual([
      `${file}:1: /^a+b$/g is new or changed, and linear: write it down with \`pnpm regexes\``,
      `${verdictsFile}: /^a+b$/ is in no source: remove it with \`pnpm regexes\``,
    ]);
  });
  test('what takes longer needs a reason', async () => {
    const slow = String.raw`export const a = /\s+$/;`;
    expect(await problemsOf(slow, { bounded: { [String.raw`/\s+$/`]: 'At most 100 characters get here.' } })).toEqual(
      [],
    );
  });
  test('what is made of parts that only run time knows needs samples of what it makes', async () => {
    const made = 'export const a = (b: string) => new RegExp(`^${b}_\\\\w+$`);';
    const code = 'new RegExp(`^${b}_\\\\w+$`)';
    const sample = String.raw`/^cus_\w+$/`;
    expect(await problemsOf(made)).toEqual([
      `${file}:1: ${code} has no sample in ${verdictsFile} of what it makes at run time`,
    ]);
    expect(await problemsOf(made, { samples: { [file]: { [code]: [sample] } }, linear: [sample] })).toEqual([]);
    expect(await problemsOf(made, { samples: { [file]: { [code]: ['/^cus-a$/'] } }, linear: ['/^cus-a$/'] })).toEqual([
      `${file}:1: ${code} cannot make /^cus-a$/`,
    ]);
    expect(await problemsOf('export {};', { samples: { [file]: { [code]: [sample] } } })).toEqual([
      `${verdictsFile}: ${file} has no ${code} any more`,
    ]);
  });
  test('a name that a parameter shadows is no constant', () => {
    const text = "const b = 'x';\nexport const a = (b: string) => new RegExp(b);";
    expect(regexesIn('a.ts', text).map((regex) => regex.text)).toEqual([undefined]);
  });
});

test('R56 G09 the sources and the validators they call hold nothing that was not judged', async () => {
  const { problems, checked } = await checkRegexes(rootDir, () => Promise.resolve('was never judged'));
  expect(problems).toEqual([]);
  expect(checked).toBeGreaterThan(400);
}, 60_000);

// The verdicts are in a file that a hand may change: some are given anew in every run, each time the same.
test('R56 verdicts are those of the judge', async () => {
  const { linear } = readVerdicts(rootDir);
  const everyOne = process.env['PLUGBOARD_CORPUS'] === 'full';
  const some = linear.filter((text, index) => everyOne || (index % 9 === 0 && !text.includes('(?')));
  for (const text of some) expect([text, await judge(text)]).toEqual([text, undefined]);
}, 600_000);
