import { encodeHex, ownBytes } from '../bytes.ts';
import { systemClock, type Clock } from '../clock.ts';
import { configurationError, invalidInput } from '../errors.ts';
import { checkFields, integer } from '../field-rules.ts';
import { randomBytes } from '../random.ts';
import {
  associatedData,
  checkValueInfo,
  isName,
  keyIdOf,
  macInfo,
  nonceLength,
  sealedPrefix,
  splitSealed,
  subkeyInfo,
} from './format.ts';
import type { RootKey } from './cipher.ts';
import { importKey } from './import-key.ts';
import { openKeyRing } from './key-ring.ts';
import { rememberDerived, type ContextKey } from './subkey-cache.ts';
import type { KeyRing, SealContext, Vault } from './vault.ts';

export interface VaultOptions {
  /**
   * Names the deployment: `production`, `staging`. Sealed values open only where the name is the same, so that a copy of
   * the production database is of no use to a test system.
   */
  readonly environment: string;
  readonly keys: KeyRing;
  /** Paces the deadline of key sources. */
  readonly clock?: Clock;
  /** How long a key source may take to load a key, in milliseconds. Default 10,000. */
  readonly keyTimeoutMs?: number;
  /** Called once, when this process has sealed `warnAfterSeals` values under the primary key: rotate it. */
  readonly onKeyBudget?: (usage: KeyUsage) => void;
  /** Default 2^31: half of what one AES-GCM key may encrypt, though here each connection has a subkey of its own. */
  readonly warnAfterSeals?: number;
  /** How many derived subkeys to keep at hand, which takes most of an opening where it is not. Default 10,000, of 2 KB each. */
  readonly cachedSubkeys?: number;
}

export interface KeyUsage {
  readonly keyId: string;
  /** Values sealed by this process under the key. */
  readonly seals: number;
}

const checkValueLength = 8;
const mostMacKeys = 200;
const numberRules = {
  keyTimeoutMs: integer(1),
  warnAfterSeals: integer(1, Number.MAX_SAFE_INTEGER),
  cachedSubkeys: integer(0),
};

/**
 * A vault over a key ring. Keys given as values are checked here, keys given as functions when they are first needed.
 * @throws PlugboardError `no_keys`, `bad_key_id`, `bad_key` or `bad_environment`.
 * @see docs/guides/vault.md
 */
export function createVault(options: VaultOptions): Vault {
  const { environment, keys, clock = systemClock, onKeyBudget } = options;
  const { keyTimeoutMs = 10_000, warnAfterSeals = 2 ** 31, cachedSubkeys = 10_000 } = options;
  checkFields('The vault', { keyTimeoutMs, warnAfterSeals, cachedSubkeys }, numberRules);
  if (!isName(environment)) {
    throw configurationError(
      'bad_environment',
      'The vault needs the name of its environment.',
      "Set environment to a name that no other deployment shares: 'production', 'staging'.",
    );
  }
  const ring = openKeyRing({ environment, keys, clock, keyTimeoutMs });
  const [primaryKeyId] = ring.keyIds;
  const prefix = sealedPrefix(primaryKeyId);
  const countSeal = callAt(warnAfterSeals, () => onKeyBudget?.({ keyId: primaryKeyId, seals: warnAfterSeals }));
  const derive = (root: RootKey, keyId: string, context: SealContext): ContextKey | Promise<ContextKey> => {
    const subkey = root.subkey(subkeyInfo(environment, context));
    const bound = associatedData(keyId, environment, context);
    if (subkey instanceof Promise) return subkey.then((loaded) => ({ subkey: loaded, associatedData: bound }));
    return { subkey, associatedData: bound };
  };
  const contextKey = rememberDerived(cachedSubkeys, (keyId, context) => {
    const root = ring.loaded(keyId);
    if (root !== undefined) return derive(root, keyId, context);
    return ring.load(keyId).then((loaded) => derive(loaded, keyId, context));
  });

  const macKeys = new Map<string, RootKey>();
  async function macKey(keyId: string, use: string): Promise<RootKey> {
    const name = `${keyId}/${use}`;
    const known = macKeys.get(name);
    if (known !== undefined) return known;
    const derived = await (await ring.load(keyId)).mac(macInfo(environment, use));
    const key = await importKey(ownBytes(derived));
    derived.fill(0);
    // Uses are few, and named by code: this only bounds what a mistake could fill.
    if (macKeys.size >= mostMacKeys) macKeys.clear();
    macKeys.set(name, key);
    return key;
  }

  return {
    environment,
    primaryKeyId,
    keyIds: ring.keyIds,
    async seal(context, plaintext) {
      if (!(plaintext instanceof Uint8Array)) {
        throw invalidInput('A value to seal', [{ path: 'plaintext', message: 'must be a Uint8Array' }]);
      }
      const found = contextKey(primaryKeyId, context);
      const key = found instanceof Promise ? await found : found;
      const nonce = randomBytes(nonceLength);
      const message = { nonce, associatedData: key.associatedData, body: plaintext };
      const sealing = key.subkey.encrypt(message, prefix);
      const sealed = sealing instanceof Promise ? await sealing : sealing;
      countSeal();
      return sealed;
    },
    async open(context, sealed) {
      const { keyId, nonce, body } = splitSealed(sealed);
      const found = contextKey(keyId, context);
      const key = found instanceof Promise ? await found : found;
      return key.subkey.decrypt({ nonce, associatedData: key.associatedData, body });
    },
    keyIdOf,
    async keyCheckValues() {
      const values = ring.keyIds.map(async (keyId) => {
        const tag = await (await ring.load(keyId)).mac(checkValueInfo);
        return [keyId, encodeHex(tag.subarray(0, checkValueLength))] as const;
      });
      return new Map(await Promise.all(values));
    },
    async mac(use, data, keyId = primaryKeyId) {
      if (!isName(use)) {
        throw invalidInput('A keyed hash', [{ path: 'use', message: 'must be a non-empty, well-formed string' }]);
      }
      return new Uint8Array(await (await macKey(keyId, use)).mac(data));
    },
  };
}

/** Counts its calls and runs `task` at the given one; a failing listener must not fail the seal that reached it. */
function callAt(threshold: number, task: () => void): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls !== threshold) return;
    try {
      task();
    } catch {
      // The listener's own fault: the value is sealed.
    }
  };
}
