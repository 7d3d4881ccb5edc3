import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import { checkCall, liveSecrets } from '../../src/webhooks/secrets.ts';

const now = Date.UTC(2026, 10, 20);
const texts = (list: Parameters<typeof liveSecrets>[0], at = now) => liveSecrets(list, at).map((one) => one.reveal());

describe('liveSecrets', () => {
  it('takes texts, secrets and secrets with an end, in the order given', () => {
    const ended = { secret: new Secret('ended'), notAfter: new Date(now - 1) };
    const ending = { secret: new Secret('ending'), notAfter: new Date(now) };
    const open = { secret: new Secret('open') };
    expect(texts(['text', new Secret('held'), undefined, ended, ending, open])).toEqual([
      'text',
      'held',
      'ending',
      'open',
    ]);
  });

  it('E06 an old secret verifies until its end, inclusive', () => {
    const list = ['new', { secret: new Secret('old'), notAfter: new Date(now) }];
    expect(texts(list, now)).toEqual(['new', 'old']);
    expect(texts(list, now + 1)).toEqual(['new']);
  });

  it('E02 blank secrets are none', () => {
    expect(texts(['', ' ', '\n\t', new Secret(''), { secret: new Secret(' ') }])).toEqual([]);
  });

  it('E06 20 are accepted, 21 and 100 are refused, whether live or not', () => {
    const list = (count: number) => Array.from({ length: count }, (_, index) => `secret ${index}`);
    const refusal = expect.objectContaining({ kind: 'configuration', code: 'too_many_secrets' }) as Error;
    expect(texts(list(20))).toHaveLength(20);
    expect(() => liveSecrets(list(21), now)).toThrow(refusal);
    expect(() => liveSecrets(list(100), now)).toThrow(refusal);
    const ended = list(100).map((text) => ({ secret: new Secret(text), notAfter: new Date(0) }));
    expect(() => liveSecrets(ended, now)).toThrow(refusal);
  });

  it('an end that is no date is refused: it would never come', () => {
    const list = [{ secret: new Secret('do-not-print'), notAfter: new Date('soon') }];
    try {
      liveSecrets(list, now);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ kind: 'configuration', code: 'invalid_not_after' });
      expect(JSON.stringify(error) + String(error)).not.toContain('do-not-print');
    }
  });
});

describe('a body that was parsed', () => {
  const call = (body: unknown) => () => checkCall({ body } as never, []);

  it.each(['{}', {}, null, undefined, [1]])('is a mistake of the host: %j', (body) => {
    expect(call(body)).toThrow(expect.objectContaining({ kind: 'configuration', code: 'body_not_bytes' }) as Error);
  });

  it('is one that is no bytes', () => expect(call(new Uint8Array())).not.toThrow());
});
