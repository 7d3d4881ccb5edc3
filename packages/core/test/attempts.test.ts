/** Who goes on with refused credentials is held back; nobody else is, and nothing but refusals counts. */
import { expect, test } from 'vitest';

import { createAttempts } from '../src/connections/attempts.ts';
import { PlugboardError } from '../src/errors.ts';

const windowMs = 600_000;

function createTries() {
  const time = { now: 10_000_000 };
  const attempts = createAttempts(() => time.now);
  const failed = (code: string) => new PlugboardError({ kind: 'invalid_request', code, message: 'No.' });
  const attempt = (key: string, error: Error = failed('credentials_refused')) =>
    attempts.run(key, () => Promise.reject(error)).catch((reason: unknown) => reason as PlugboardError);
  return {
    time,
    attempt,
    failed,
    attempts,
    async refuse(key: string, times: number) {
      for (let time = 0; time < times; time++)
        expect(await attempt(key)).toMatchObject({ code: 'credentials_refused' });
    },
  };
}

test('twenty refusals within ten minutes are the most, counted from the first', async () => {
  const { attempt, attempts, refuse, time } = createTries();
  await refuse('one', 1);
  time.now += 100_000;
  await refuse('one', 19);
  time.now += 50_000;
  const held = { kind: 'rate_limited', code: 'too_many_refusals', retryAfterMs: windowMs - 150_000 };
  expect(await attempt('one')).toMatchObject(held);
  expect(await attempts.run('other', () => Promise.resolve('connected'))).toBe('connected');
  time.now += windowMs - 150_000 - 1;
  expect(await attempt('one')).toMatchObject({ code: 'too_many_refusals', retryAfterMs: 1 });
  time.now += 1;
  await refuse('one', 20);
});

test('what fails for another reason is no refusal', async () => {
  const { attempt, attempts, failed, refuse } = createTries();
  await refuse('one', 19);
  const code = 'credentials_refused';
  for (const error of [failed('unavailable'), Object.assign(new Error('foreign'), { code })])
    for (let time = 0; time < 20; time++) expect(await attempt('one', error)).toBe(error);
  expect(await attempts.run('one', () => Promise.resolve('connected'))).toBe('connected');
});

test('ten thousand are kept: the one that was refused last is the last to be forgotten', async () => {
  const { attempt, refuse } = createTries();
  await refuse('oldest', 20);
  await refuse('again', 19);
  for (let index = 0; index < 9_998; index++) await attempt(`other ${index}`);
  await refuse('again', 1);
  const codes = async (...keys: string[]) => Promise.all(keys.map(async (key) => (await attempt(key)).code));
  expect(await codes('oldest', 'again')).toEqual(['too_many_refusals', 'too_many_refusals']);
  await attempt('one more');
  expect(await codes('oldest', 'again')).toEqual(['credentials_refused', 'too_many_refusals']);
});
