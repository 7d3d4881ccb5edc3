/** R50, R51: JSON, streams, sealed values, configuration. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createPlugboard } from '../../src/board.ts';
import { resolveMode } from '../../src/config.ts';
import { isPlugboardError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import { randomBytes } from '../../src/random.ts';
import { readServerSentEvents, type ServerSentEvent } from '../../src/server-sent-events.ts';
import { expandTemplate } from '../../src/template.ts';
import { keyIdOf, sealedFromText, sealedToText } from '../../src/vault/format.ts';
import { acmeProvider, key } from '../support/rig.ts';
import { contextOf, outcomeOf, testVault } from '../support/vault.ts';
import { corpus, corpusTimeoutMs } from './corpus.ts';
import { hostileText, nearly } from './texts.ts';

/** What a call comes to: a value, or the code of our own error. */
function outcome<T>(run: () => T): { value: T } | { code: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    return { code: error.code };
  }
}

test(
  'R50 R53 JSON: the verdict of the platform, and its value without keys that reach prototypes',
  async () => {
    const texts = fc.oneof(fc.json(), nearly(fc.json({ maxDepth: 3 })), hostileText, nearly(fc.constant('{"__proto__":{"a":1},"b":[1,{"constructor":2}]}'))); // prettier-ignore
    await corpus('json', texts, (text) => {
      const found = outcome(() => parseJson(text));
      const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
      let expected: unknown;
      try {
        expected = JSON.parse(text, function revive(this: object, name: string, value: unknown) {
          return forbidden.has(name) ? undefined : value;
        });
      } catch {
        expect('code' in found ? found.code : 'read').toMatch(/^(not_json|json_too_deep)$/);
        return;
      }
      // Arrays have no such keys, and a reviver leaves what it takes away as a hole only there.
      expect(JSON.stringify(found)).toBe(JSON.stringify({ value: expected }));
      expect(({} as { a?: unknown }).a).toBeUndefined();
    });
  },
  corpusTimeoutMs,
);

test(
  'R50 server-sent events: the same events however the bytes are cut',
  async () => {
    const line = fc.oneof(hostileText, hostileText.map((text) => `data: ${text}`), fc.constantFrom('event: a', 'id: 7', 'id: a\0', ':', 'data', 'retry: 5', '')); // prettier-ignore
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n')), { maxLength: 8 });
    await corpus(
      'server-sent events',
      fc.tuple(stream, fc.array(fc.nat({ max: 300 }), { maxLength: 4 })),
      async ([lines, cuts]) => {
        const bytes = new TextEncoder().encode(lines.flat().join(''));
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const whole = await eventsOf([bytes]);
        expect(await eventsOf(chunks)).toEqual(whole);
        for (const { data, event } of whole) expect(event + data.replaceAll('\n', '')).not.toMatch(/[\r\n]/);
      },
      { share: 0.4 },
    );
  },
  corpusTimeoutMs,
);

async function eventsOf(chunks: readonly Uint8Array[]): Promise<readonly ServerSentEvent[]> {
  async function* body() {
    yield* chunks;
  }
  const found: ServerSentEvent[] = [];
  for await (const event of readServerSentEvents(body())) found.push(event);
  return found;
}

test(
  'R51 sealed values: bytes near a good one, and bytes of chance, open nothing and are told apart',
  async () => {
    const vault = testVault();
    const sealed = await vault.seal(contextOf(), randomBytes(80));
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
    const ends = fc.tuple(fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }));
    await corpus(
      'sealed values',
      fc.tuple(changes, ends, fc.uint8Array({ maxLength: 120 }), hostileText),
      async ([flips, [cut, tail], noise, text]) => {
        const near = Uint8Array.from([...sealed.subarray(0, sealed.length - cut), ...tail]);
        for (const [place, bits] of flips) near[place % near.length]! ^= bits;
        for (const bytes of [near, noise]) {
          if (Buffer.compare(bytes, sealed) === 0) continue;
          const found = await outcomeOf(vault.open(contextOf(), bytes));
          expect(['vault_auth_failed', 'vault_version', 'key_unavailable']).toContain(found);
          keyIdOf(bytes);
        }
        const read = outcome(() => sealedFromText(text));
        if ('value' in read) expect(sealedToText(read.value)).toBe(text);
      },
      { share: 0.4 },
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 configuration: options of any kind make a board, or an error of ours that quotes none of them',
  async () => {
    const canary = 'cfg-canary-5f2e9b';
    const value = fc.oneof(hostileText, fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(undefined, canary, key, `${canary}\n`, { k1: canary })); // prettier-ignore
    const names = fc.constantFrom(
      'clientId',
      'clientSecret',
      'signingSecret',
      'scopes',
      'stub',
      'platform',
      '__proto__',
      'x',
    );
    const options = fc.dictionary(names, value, { maxKeys: 4 });
    const environment = fc.dictionary(fc.constantFrom('ACME_CLIENT_ID', 'ACME_CLIENT_SECRET', 'ACME_API_KEY', 'NODE_ENV'), fc.oneof(hostileText, fc.constant(canary))); // prettier-ignore
    await corpus(
      'configuration',
      fc.tuple(options, environment, value, value),
      ([given, env, keys, url]) => {
        resolveMode(undefined, env);
        try {
          createPlugboard({
            url: (url ?? 'https://app.example.com') as string,
            providers: [acmeProvider()(given as object)],
            store: createMemoryStore(),
            keys: (keys === undefined ? { k1: key } : keys) as Record<string, string>,
            env,
            mode: 'test',
            log: silentLog,
          });
        } catch (error) {
          expect(isPlugboardError(error), String(error)).toBe(true);
          expect(String((error as Error).stack)).not.toContain(canary);
        }
      },
      { share: 0.1 },
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 G17 F08 values in paths stay one segment each',
  async () => {
    await corpus('templates', fc.tuple(hostileText, hostileText), ([one, two]) => {
      const found = outcome(() => expandTemplate('/v1/{one}/x/{two}', { one, two }));
      if ('code' in found) return;
      const { pathname } = new URL(found.value, 'https://api.example');
      expect(pathname.split('/')).toHaveLength(5);
      expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', one, 'x', two]);
    });
  },
  corpusTimeoutMs,
);
