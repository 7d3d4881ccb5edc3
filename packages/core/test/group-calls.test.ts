import { expect, test } from 'vitest';

import { configurationError, PlugboardError } from '../src/errors.ts';
import { groupCalls } from '../src/group-calls.ts';

interface Call {
  readonly name: string;
  readonly kind?: string;
  readonly bytes?: number;
}

/** Groups as they are sent; each answers when it is told to. */
function createRig() {
  const sent: { readonly names: readonly string[]; answer(): void; fail(error: unknown): void }[] = [];
  const call = groupCalls<Call, string>({
    kindOf: ({ kind = '' }) => kind,
    bytesOf: ({ bytes = 1 }) => bytes,
    run(calls) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const names = calls.map(({ name }) => name);
      sent.push({ names, answer: () => resolve(names.map((name) => `${name}!`)), fail: reject });
      return promise;
    },
  });
  return { sent, call, names: () => sent.map(({ names }) => names.join(' ')) };
}

/** Until everything that waits for nothing has run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test('who comes alone is sent at once; who comes while two groups are under way goes with the others', async () => {
  const { sent, call, names } = createRig();
  const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => call({ name }));
  expect(names()).toEqual(['a', 'b']);
  sent[1]!.answer();
  expect(await answers[1]).toBe('b!');
  await settle();
  expect(names()).toEqual(['a', 'b', 'c d e']);
  const late = call({ name: 'f' });
  await settle();
  expect(names()).toHaveLength(3);
  sent[0]!.answer();
  await settle();
  expect(names()).toEqual(['a', 'b', 'c d e', 'f']);
  for (const group of sent) group.answer();
  expect(await Promise.all([...answers, late])).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
});

test('kinds never go together, nor more than a hundred, nor more than half a megabyte', async () => {
  const { sent, call, names } = createRig();
  const mib = 1_048_576;
  const calls: Call[] = [
    ...['a', 'b'].map((name) => ({ name })),
    ...['k1', 'k2'].map((name) => ({ name, kind: 'other' })),
    { name: 'big', bytes: mib },
    ...['m1', 'm2', 'm3'].map((name) => ({ name, bytes: mib / 4 })),
    ...Array.from({ length: 150 }, (_, index) => ({ name: `n${index}` })),
  ];
  const answers = calls.map(call);
  for (let group = 0; group < 7; group++) {
    sent[group]!.answer();
    await settle();
  }
  const groups = names();
  expect(groups.slice(0, 5)).toEqual(['a', 'b', 'k1 k2', 'big', 'm1 m2']);
  expect(groups.slice(5).map((text) => text.split(' ').length)).toEqual([100, 51]);
  expect(await Promise.all(answers)).toEqual(calls.map(({ name }) => `${name}!`));
});

test('what is refused of one fails for it alone', async () => {
  const { sent, call, names } = createRig();
  const [first, second, ...others] = ['a', 'b', 'c', 'bad', 'd'].map((name) => call({ name }));
  sent[0]!.answer();
  await settle();
  sent[2]!.fail(configurationError('database_refused', 'Refused.', 'Look.'));
  await settle();
  sent[3]!.answer();
  await settle();
  const refused = configurationError('database_refused', 'This one.', 'Look.');
  sent[4]!.fail(refused);
  await settle();
  sent[5]!.answer();
  sent[1]!.answer();
  expect(names().slice(2)).toEqual(['c bad d', 'c', 'bad', 'd']);
  await expect(others[1]).rejects.toBe(refused);
  expect(await Promise.all([first, second, others[0], others[2]])).toEqual(['a!', 'b!', 'c!', 'd!']);
});

test('an outage fails all of a group, once, and those that come later are sent', async () => {
  const { sent, call, names } = createRig();
  const [first, second, ...others] = ['a', 'b', 'c', 'd'].map((name) => call({ name }));
  const outage = new PlugboardError({ kind: 'unavailable', code: 'database_unavailable', message: 'Away.' });
  for (const group of sent) group.answer();
  await Promise.all([first, second]);
  await settle();
  sent[2]!.fail(outage);
  for (const answer of others) await expect(answer).rejects.toBe(outage);
  expect(names()).toEqual(['a', 'b', 'c d']);
  const next = call({ name: 'e' });
  sent[3]!.answer();
  expect(await next).toBe('e!');
});
