import type { CryptoKey } from 'jose';

import type { VendorCalls } from '../auth/vendor-call.ts';
import { isPlugboardError } from '../errors.ts';
import { at, member, text, type JsonObject } from '../json.ts';
import { loaded } from '../missing-package.ts';

/** What a source needs to ask its vendor: only known hosts, through the board's transport. */
export interface KeyTools extends VendorCalls {
  /** What the provider's `discover` finds: of the addressed connection, or asked anew. From then on `request` reaches it. */
  discovered?(): Promise<JsonObject>;
}

/** A public key as its vendor publishes it (RFC 7517). */
export interface PublishedKey {
  readonly id: string;
  readonly jwk: JsonObject;
  /** The vendor's own begin of the key: before it the key is left out. */
  readonly notBefore?: Date;
  /** The vendor's own end of the key. */
  readonly notAfter?: Date;
}

/** Signatures with a public key. What needs a shared secret, or none, is not among them. */
export type JwtAlgorithm = keyof typeof keyTypes;

/** Where a vendor publishes the keys it signs with. Never an address that came with a request. */
export interface KeySource {
  /** The algorithm of every key; a key that claims another is left out. */
  readonly algorithm: JwtAlgorithm;
  /** For sources made at run time: those with one address are one source, for each organization by itself. */
  readonly address?: string;
  /** `set`: one load brings all keys. `one`: each id needs a load of its own. */
  readonly brings: 'set' | 'one';
  readonly load: (id: string, tools: KeyTools) => Promise<readonly PublishedKey[]>;
}

/** `unknown`: the vendor has no such key. `unavailable`: it could not be asked, or was asked too often. */
export type FoundKey = CryptoKey | 'unknown' | 'unavailable';

export interface KeyCache {
  /** `now` in milliseconds of wall time. */
  find(source: KeySource, id: string, now: number, tools: KeyTools): Promise<FoundKey>;
}

const keyTypes = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC',
  ES384: 'EC',
  ES512: 'EC',
  EdDSA: 'OKP',
} as const;

interface Load {
  readonly at: number;
  /** False when the vendor could not be asked. */
  readonly done: Promise<boolean>;
}

interface SourceState {
  readonly keys: Map<string, { readonly key: CryptoKey; readonly until: number }>;
  /** Loads of the last minute, by id, or under one name for a whole set. */
  readonly loads: Map<string, Load>;
}

/** Anybody can name a key id that does not exist: misses must cost the vendor next to nothing. */
const loadIntervalMs = 60_000;
const maxLoadsPerInterval = 10;
/** Keys are asked for again after an hour, so that one the vendor withdrew stops working. */
const maxAgeMs = 3_600_000;
const maxKeys = 100;
const maxSources = 10_000;

/**
 * Public keys of the vendors, for one board. A key id is asked for at most once a minute, whole sets at most once a
 * minute whatever the id, single ids at most ten times a minute in all.
 */
export function createKeyCache(): KeyCache {
  const states = new Map<KeySource | string, SourceState>();

  function stateOf(source: KeySource, { organizationId = '' }: KeyTools): SourceState {
    const { address, algorithm } = source;
    const key = address === undefined ? source : `${algorithm} ${address} ${organizationId}`;
    const state = states.get(key) ?? { keys: new Map(), loads: new Map() };
    // The one that was used last is the last to go.
    states.delete(key);
    states.set(key, state);
    if (states.size > maxSources) states.delete(states.keys().next().value!);
    return state;
  }

  return {
    async find(source, id, now, tools) {
      const state = stateOf(source, tools);
      const known = lookUp(state, id, now);
      if (known !== undefined) return known;

      for (const [slot, { at: loadedAt }] of state.loads) {
        if (Math.abs(now - loadedAt) >= loadIntervalMs) state.loads.delete(slot);
      }
      const slot = source.brings === 'set' ? '' : id;
      if (!state.loads.has(slot)) {
        if (state.loads.size >= maxLoadsPerInterval) return 'unavailable';
        state.loads.set(slot, { at: now, done: load(source, state, { id, now, tools }) });
      }
      const answered = await state.loads.get(slot)!.done;
      return answered ? (lookUp(state, id, now) ?? 'unknown') : 'unavailable';
    },
  };
}

/** A JSON Web Key Set (RFC 7517 section 5) at a fixed address of a declared host. */
export function keySet(url: string, algorithm: KeySource['algorithm']): KeySource {
  return {
    algorithm,
    brings: 'set',
    load: async (_id, tools) => (await readKeySet(url, tools)).filter(({ id }) => id !== ''),
  };
}

/** The keys of a set, those without an id under the empty one. */
export async function readKeySet(url: string, tools: KeyTools): Promise<readonly PublishedKey[]> {
  const keys = at((await tools.request({ method: 'GET', url })).json(), 'keys');
  return Array.isArray(keys)
    ? keys.map((jwk) => ({ id: text(member(jwk, 'kid')) ?? '', jwk: Object(jwk) as JsonObject }))
    : [];
}

/** True for a key that may sign with the algorithm. */
export function fitsAlgorithm(jwk: JsonObject, algorithm: JwtAlgorithm): boolean {
  const use = member(jwk, 'use') ?? 'sig';
  const claimed = member(jwk, 'alg') ?? algorithm;
  return member(jwk, 'kty') === keyTypes[algorithm] && use === 'sig' && claimed === algorithm;
}

function lookUp(state: SourceState, id: string, now: number): CryptoKey | undefined {
  const known = state.keys.get(id);
  return known !== undefined && now < known.until ? known.key : undefined;
}

async function load(
  source: KeySource,
  state: SourceState,
  { id, now, tools }: { readonly id: string; readonly now: number; readonly tools: KeyTools },
): Promise<boolean> {
  try {
    const found = (await source.load(id, tools)).slice(0, maxKeys);
    const published = found.filter(({ notBefore }) => notBefore === undefined || notBefore.getTime() <= now);
    const keys = await Promise.all(published.map(({ jwk }) => importKey(jwk, source.algorithm)));
    if (source.brings === 'set') state.keys.clear();
    for (const [index, { id: keyId, notAfter }] of published.entries()) {
      const key = keys[index];
      const until = Math.min(now + maxAgeMs, notAfter?.getTime() ?? Infinity);
      if (key !== undefined) state.keys.set(keyId, { key, until });
    }
    for (const oldest of state.keys.keys()) {
      if (state.keys.size <= maxKeys) break;
      state.keys.delete(oldest);
    }
    return true;
  } catch (error) {
    // What kept the vendor from answering is in the transport's own telemetry; here it means «ask again later».
    if (isPlugboardError(error) && error.code !== 'package_missing') return false;
    throw error;
  }
}

/** Undefined for a key that is not meant for signatures of this algorithm. */
async function importKey(jwk: JsonObject, algorithm: KeySource['algorithm']): Promise<CryptoKey | undefined> {
  if (!fitsAlgorithm(jwk, algorithm)) return undefined;
  const { importJWK } = await loaded(import('jose'));
  return (await importJWK(jwk, algorithm).catch(() => undefined)) as CryptoKey | undefined;
}
