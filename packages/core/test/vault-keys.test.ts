import { inspect } from 'node:util';

import { describe, expect, it, vi } from 'vitest';

import { decodeBase64url, encodeBase64, encodeBase64url, encodeHex, encodeUtf8 } from '../src/bytes.ts';
import { systemClock } from '../src/clock.ts';
import { randomBytes } from '../src/random.ts';
import { Secret } from '../src/secret.ts';
import { createVault } from '../src/vault/create-vault.ts';
import { createKey } from '../src/vault/key-bytes.ts';
import type { KeyRing, KeySource } from '../src/vault/vault.ts';
import { contextOf, outcomeOf, tally, testVault } from './support/vault.ts';

const context = contextOf();
const plaintext = encodeUtf8('secret');

/** The error of a vault that must not come into being. */
function refusalOf(keys: unknown): { code: string; message: string; hint: string } {
  try {
    testVault(keys as KeyRing);
  } catch (error) {
    return error as { code: string; message: string; hint: string };
  }
  throw new Error('the vault accepted the key');
}

describe('C17 a bad key stops the start, naming its id and not its value', () => {
  const random = randomBytes(32);
  // All different, and so are the steps between them: only the repetition gives them away.
  const half = [3, 200, 17, 99, 250, 41, 130, 66, 180, 9, 220, 75, 150, 33, 111, 240];
  const passphrase = 'correct horse battery staple correct horse battery staple';
  const bad: [string, unknown, RegExp][] = [
    ['nothing', undefined, /is not set/],
    ['an empty text', '', /is not set/],
    ['16 bytes', encodeBase64(randomBytes(16)), /decodes to 16 bytes instead of 32/],
    ['33 bytes', randomBytes(33), /decodes to 33 bytes instead of 32/],
    ['48 bytes', encodeBase64url(randomBytes(48)), /decodes to 48 bytes instead of 32/],
    ['hexadecimal', encodeHex(random), /is hexadecimal/],
    ['hexadecimal as raw bytes', encodeUtf8(encodeHex(random).slice(0, 32)), /is text, not random bytes/],
    ['a passphrase', passphrase, /white space/],
    ['a passphrase without spaces', 'correct!horse!battery!staple!', /not base64/],
    [
      'a passphrase of the right length and alphabet',
      'correct-horse-battery-staple-correct-horse4',
      /letters of one case/,
    ],
    ['32 letters as raw bytes', encodeUtf8('MySuperSecretPassphraseFor2026!!'), /is text, not random bytes/],
    ['32 letters and spaces as raw bytes', encodeUtf8('My Super Secret Passphrase, 2026'), /is text, not random bytes/],
    ['a trailing line end', `${encodeBase64(random)}\n`, /white space or a line end/],
    ['a leading space', ` ${encodeBase64(random)}`, /white space/],
    ['padding in its middle', encodeBase64url(random).replace(/^.{8}/, '$&='), /not base64/],
    ['quotes from an env file', `"${encodeBase64(random)}"`, /not base64/],
    ['all zeros', new Uint8Array(32), /its bytes repeat/],
    ['all zeros as text', encodeBase64(new Uint8Array(32)), /letters of one case/],
    ['all ones', new Uint8Array(32).fill(0xff), /its bytes repeat/],
    ['a counter', Uint8Array.from({ length: 32 }, (_, index) => index + 200), /its bytes repeat/],
    ['a 16-byte key written twice', Uint8Array.from([...half, ...half]), /its bytes repeat/],
    ['the documentation’s sample', 'Plugboard-sample-key-0-Do-Not-Use-This-One4', /sample from the documentation/],
    ['the sample with padding', 'Plugboard-sample-key-0-Do-Not-Use-This-One4=', /sample from the documentation/],
    ['bits beyond the last byte', `${encodeBase64url(new Uint8Array(random).fill(0, 31)).slice(0, 42)}B`, /not base64/],
    ['two alphabets at once', `+-${encodeBase64url(random).slice(2)}`, /not base64/],
    ['a number', 42, /neither bytes nor text nor a function/],
    ['a bad secret', new Secret('hunter2hunter2'), /decodes to 10 bytes|not base64|one case/],
  ];
  it.each(bad)('%s', (_, key, reason) => {
    const refusal = refusalOf({ good: createKey(), broken: key });
    expect(refusal).toMatchObject({ kind: 'configuration', code: 'bad_key' });
    expect(refusal.message).toMatch(/^The key broken /);
    expect(refusal.message).toMatch(reason);
    const shown = inspect(refusal, { depth: 10, showHidden: true }) + JSON.stringify(refusal);
    const text = key instanceof Secret ? key.reveal() : key instanceof Uint8Array ? encodeBase64(key) : key;
    const quoted = typeof text === 'string' && text.length > 8 && shown.includes(text.trim().slice(0, 12));
    expect(quoted).toBe(false);
  });

  it('the same for a key that a source loads', async () => {
    for (const bytes of [new Uint8Array(32), randomBytes(31), encodeUtf8('x'.repeat(32)), null, 'text']) {
      const vault = testVault({ k1: async () => bytes as Uint8Array });
      await expect(vault.seal(context, plaintext)).rejects.toMatchObject({ kind: 'configuration', code: 'bad_key' });
    }
  });
});

describe('a good key', () => {
  it('is 32 random bytes in any of its spellings, all the same key', async () => {
    // Ends in bytes whose base64 needs both letters that the two alphabets spell differently.
    const bytes = randomBytes(32);
    bytes.set([0xfb, 0xef, 0xff, 0xff], 0);
    const spellings: KeySource[] = [
      bytes,
      Buffer.from(bytes),
      encodeBase64(bytes),
      encodeBase64url(bytes),
      `${encodeBase64url(bytes)}=`,
      new Secret(encodeBase64(bytes)),
      async () => bytes,
    ];
    const sealed = await testVault({ k1: bytes }).seal(context, plaintext);
    for (const key of spellings) expect(await testVault({ k1: key }).open(context, sealed)).toEqual(plaintext);
  });

  it.each<[string, string | Uint8Array]>([
    // 43 of them: hexadecimal has two for each byte.
    ['letters that are digits of hexadecimal too', '4C283fefEc63f0cdD0e87C3a000EB0cF6d0A7efB7bE'],
    // DEL is no text.
    ['bytes of which all but one are text', encodeUtf8('My Super Secret Passphrase 2026\x7f')],
    [
      '17 different bytes and 17 different steps, the first one from nothing',
      // prettier-ignore
      Uint8Array.of(
        54, 221, 124, 101, 127, 19, 121, 88, 65, 42, 190, 40, 146, 113, 170, 230,
        141, 247, 107, 101, 54, 114, 115, 92, 45, 39, 193, 160, 113, 157, 110, 154,
      ),
    ],
  ])('may have %s', async (_what, key) => {
    const vault = testVault({ k1: key });
    expect(await vault.open(context, await vault.seal(context, plaintext))).toEqual(plaintext);
  });

  it('stays the caller’s: the vault does not alter the bytes it was given', async () => {
    const bytes = randomBytes(32);
    const copy = new Uint8Array(bytes);
    await testVault({ k1: bytes, k2: async () => bytes }).keyCheckValues();
    expect(bytes).toEqual(copy);
  });

  it('comes from createKey', () => {
    const keys = Array.from({ length: 1000 }, createKey);
    expect(new Set(keys).size).toBe(1000);
    for (const key of keys) expect(decodeBase64url(key)).toHaveLength(32);
    expect(() => keys.forEach((key) => testVault({ k1: key }))).not.toThrow();
  });
});

describe('a key ring', () => {
  it('C17 is refused when it is empty or its ids cannot be stored', () => {
    expect(refusalOf({})).toMatchObject({ code: 'no_keys' });
    expect(refusalOf(null)).toMatchObject({ code: 'no_keys' });
    for (const keyId of ['', 'k 1', 'k.1', 'schlüssel', 'x'.repeat(33)]) {
      expect(refusalOf({ [keyId]: createKey() })).toMatchObject({ code: 'bad_key_id' });
    }
    expect(testVault({ ['x'.repeat(32)]: createKey(), 'A-z_9': createKey() }).keyIds).toHaveLength(2);
  });

  it('C13 refuses numbers as ids, because JavaScript would change the order of the ring', () => {
    expect(Object.keys({ '2': 'newest', '1': 'older' })).toEqual(['1', '2']);
    expect(refusalOf({ '2': createKey(), '1': createKey() })).toMatchObject({ code: 'bad_key_id' });
    expect(refusalOf({ '10': createKey() })).toMatchObject({ code: 'bad_key_id' });
    expect(testVault({ '2nd': createKey(), '1st': createKey() }).keyIds).toEqual(['2nd', '1st']);
  });

  it('C04 needs the name of an environment', () => {
    for (const environment of ['', undefined, 7, '\ud800']) {
      expect(() => createVault({ environment: environment as string, keys: { k1: createKey() } })).toThrow(
        expect.objectContaining({ kind: 'configuration', code: 'bad_environment' }),
      );
    }
  });

  it('refuses numbers that make no sense', () => {
    for (const options of [{ keyTimeoutMs: 0 }, { cachedSubkeys: -1 }, { warnAfterSeals: 0.5 }]) {
      expect(() => createVault({ environment: 'test', keys: { k1: createKey() }, ...options })).toThrow(
        expect.objectContaining({
          code: 'invalid_input',
          fields: [expect.objectContaining({ path: Object.keys(options)[0] })],
        }),
      );
    }
  });

  it('C13 rotates without a moment in which a value does not open', async () => {
    const [k3, k4] = [createKey(), createKey()];
    const old = testVault({ k3 });
    const distributed = testVault({ k3, k4 });
    const rotated = testVault({ k4, k3 });
    const before = await old.seal(context, plaintext);
    const between = await distributed.seal(context, plaintext);
    const after = await rotated.seal(context, plaintext);
    expect([before, between, after].map((sealed) => rotated.keyIdOf(sealed))).toEqual(['k3', 'k3', 'k4']);
    expect([old, distributed, rotated].map((vault) => vault.primaryKeyId)).toEqual(['k3', 'k3', 'k4']);
    for (const vault of [distributed, rotated]) {
      for (const sealed of [before, between, after]) expect(await vault.open(context, sealed)).toEqual(plaintext);
    }
    // A process that was skipped in the first step says which key it lacks.
    expect(await outcomeOf(old.open(context, after))).toBe('key_unavailable');
  });

  it('C19 opens nothing that carries the label of another of its keys', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `key${String(index).padStart(2, '0')}`);
    const keys = Object.fromEntries(ids.map((keyId) => [keyId, randomBytes(32)]));
    const all = testVault(keys);
    const sealed = await Promise.all(ids.map((keyId) => testVault({ [keyId]: keys[keyId]! }).seal(context, plaintext)));
    const outcomes: string[] = [];
    for (const value of sealed) {
      for (const keyId of ids) {
        const labelled = new Uint8Array(value);
        labelled.set(encodeUtf8(keyId), 2);
        outcomes.push(await outcomeOf(all.open(context, labelled)));
      }
    }
    expect(tally(outcomes)).toEqual({ opened: 100, vault_auth_failed: 9900 });
  });

  it('C19 enters its label into the tag, should two labels carry the same key', async () => {
    const key = randomBytes(32);
    const sealed = await testVault({ k1: key }).seal(context, plaintext);
    sealed.set(encodeUtf8('k2'), 2);
    expect(await outcomeOf(testVault({ k1: key, k2: key }).open(context, sealed))).toBe('vault_auth_failed');
  });
});

describe('C16 a key source', () => {
  it('is asked once, at the first use, for the key and environment at hand', async () => {
    const key = randomBytes(32);
    const load = vi.fn<(request: unknown) => Promise<Uint8Array>>(async () => key);
    const vault = testVault({ k1: load, k2: async () => Promise.reject(new Error('never needed')) });
    expect(load).not.toHaveBeenCalled();
    await Promise.all(Array.from({ length: 20 }, () => vault.seal(context, plaintext)));
    await vault.open(context, await testVault({ k1: key }).seal(context, plaintext));
    expect(load.mock.calls).toEqual([[{ keyId: 'k1', environment: 'test' }]]);
  });

  it('that fails is asked again, and the vault recovers without a restart', async () => {
    const key = randomBytes(32);
    let outage = true;
    let calls = 0;
    const vault = testVault({
      k1: async () => {
        calls += 1;
        if (outage) throw Object.assign(new Error('503 for AKIA-CANARY'), { code: 'EKMS', token: 'AKIA-CANARY' });
        return key;
      },
    });
    for (let attempt = 1; attempt <= 3; attempt++) {
      const failure: unknown = await vault.seal(context, plaintext).catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: 'unavailable', code: 'key_unavailable', retryable: true });
      expect(inspect(failure, { depth: 10, showHidden: true })).toContain('EKMS');
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('CANARY');
      expect(calls).toBe(attempt);
    }
    outage = false;
    const sealed = await vault.seal(context, plaintext);
    outage = true;
    // From here on the outage does not matter to this process.
    expect(await vault.open(contextOf(), sealed)).toEqual(plaintext);
    expect(
      await vault.open(contextOf({ connectionId: 'c' }), await vault.seal(contextOf({ connectionId: 'c' }), plaintext)),
    ).toEqual(plaintext);
    expect(calls).toBe(4);
  });

  it('that throws at once, or never answers, fails like one that rejects', async () => {
    const fail: KeySource = () => {
      throw new TypeError('no permission');
    };
    const deadlines: (() => void)[] = [];
    const delays: number[] = [];
    const cancel = vi.fn<() => void>();
    const clock = {
      ...systemClock,
      after(ms: number, task: () => void) {
        delays.push(ms);
        deadlines.push(task);
        return cancel;
      },
    };
    const keyTimeoutMs = 250;
    const failing = createVault({ environment: 'test', keys: { k1: fail }, clock, keyTimeoutMs });
    expect(await outcomeOf(failing.seal(context, plaintext))).toBe('key_unavailable');
    expect(cancel).toHaveBeenCalledOnce();

    let answer: (bytes: Uint8Array) => void = () => undefined;
    const source = () => new Promise<Uint8Array>((resolve) => (answer = resolve));
    const vault = createVault({ environment: 'test', keys: { k1: source }, clock, keyTimeoutMs });
    const hanging = outcomeOf(vault.seal(context, plaintext));
    expect(delays).toEqual([250, 250]);
    deadlines[1]!();
    expect(await hanging).toBe('key_unavailable');

    const second = vault.seal(context, plaintext);
    await Promise.resolve();
    answer(randomBytes(32));
    expect(vault.keyIdOf(await second)).toBe('k1');
  });
});

describe('C10 a check value', () => {
  it('is equal for equal keys, and for no others', async () => {
    const keys: Record<string, Uint8Array> = { k1: randomBytes(32), k2: randomBytes(32) };
    const values = await testVault(keys).keyCheckValues();
    expect([...values.keys()]).toEqual(['k1', 'k2']);
    expect(values.get('k1')).toMatch(/^[0-9a-f]{16}$/);
    expect(values.get('k1')).not.toBe(values.get('k2'));
    expect(await testVault({ other: keys['k1']! }, 'elsewhere').keyCheckValues()).toEqual(
      new Map([['other', values.get('k1')]]),
    );
    keys['k1']![31]! ^= 1;
    expect((await testVault(keys).keyCheckValues()).get('k1')).not.toBe(values.get('k1'));
  });
});
