/** A vendor that publishes keys and counts who asks. */
import type { JWK } from 'jose';

import { PlugboardError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { createAnswer } from '../../src/transport/answer.ts';
import { createKeyCache, keySet, type KeySource } from '../../src/webhooks/key-cache.ts';
import type { VerifyTools } from '../../src/webhooks/webhook.ts';

export interface VendorKeys {
  /** What was asked for: key ids, or addresses of sets. */
  readonly requests: string[];
  readonly tools: VerifyTools;
  keys: JWK[];
  /** Every request fails while this is true. */
  isDown: boolean;
  /** A source that brings one key for each request. */
  single(algorithm: KeySource['algorithm'], notAfter?: Date): KeySource;
  /** A source that brings the whole set. */
  set(algorithm: KeySource['algorithm']): KeySource;
}

export const setUrl = 'https://keys.example/certs';

export function createVendorKeys(keys: JWK[]): VendorKeys {
  const vendor: VendorKeys = {
    keys,
    isDown: false,
    requests: [],
    tools: {
      app: {},
      keys: createKeyCache(),
      async request({ url }) {
        vendor.requests.push(url);
        if (vendor.isDown) throw new PlugboardError({ kind: 'unavailable', code: 'vendor_down', message: 'down' });
        const body = new TextEncoder().encode(JSON.stringify({ keys: vendor.keys }));
        return Promise.resolve(createAnswer({ status: 200, headers: new Headers() }, body));
      },
    },
    single: (algorithm, notAfter) => ({
      algorithm,
      brings: 'one',
      async load(id) {
        vendor.requests.push(id);
        if (vendor.isDown) throw new PlugboardError({ kind: 'unavailable', code: 'vendor_down', message: 'down' });
        const jwk = vendor.keys.find(({ kid }) => kid === id);
        if (jwk === undefined) return Promise.resolve([]);
        return Promise.resolve([{ id, jwk: jwk as JsonObject, ...(notAfter !== undefined && { notAfter }) }]);
      },
    }),
    set: (algorithm) => keySet(setUrl, algorithm),
  };
  return vendor;
}
