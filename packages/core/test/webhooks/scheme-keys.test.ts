import { expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import { signatureScheme } from '../../src/webhooks/scheme.ts';

const delivery = {
  method: 'POST',
  url: new URL('https://app.example.com/hooks/x'),
  headers: new Headers(),
  body: new Uint8Array(1),
  receivedAt: 0,
};

it('makes the key of a secret once, and never takes the key of another', async () => {
  const made: string[] = [];
  const verify = signatureScheme({
    key(secret) {
      made.push(secret);
      return secret === 'no key' ? undefined : secret;
    },
    read: () => ({ signatures: ['b'], contents: [[delivery.body]] }),
    matches: (key, _content, signatures) => signatures.includes(key),
  });
  const [a, b, none] = [new Secret('a'), new Secret('b'), new Secret('no key')];
  expect(await verify(delivery, [a, b])).toEqual({ ok: true, secretIndex: 1 });
  expect(await verify(delivery, [b, a])).toEqual({ ok: true, secretIndex: 0 });
  expect(await verify(delivery, [a])).toEqual({ ok: false, reason: 'signature_invalid' });
  expect(await verify(delivery, [none])).toEqual({ ok: false, reason: 'key_unavailable' });
  expect(await verify(delivery, [none])).toEqual({ ok: false, reason: 'key_unavailable' });
  expect(made).toEqual(['a', 'b', 'no key', 'no key']);
  // Another object may hold another text: what is known is known of the object.
  expect(await verify(delivery, [new Secret('b')])).toEqual({ ok: true, secretIndex: 0 });
  expect(made).toEqual(['a', 'b', 'no key', 'no key', 'b']);
});
