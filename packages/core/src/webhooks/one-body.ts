import { configurationError } from '../errors.ts';
import { hashText } from '../hash.ts';
import type { Store } from '../store.ts';

export interface BodyClaim {
  /** The delivery came to nothing: the vendor's next try may look another way. */
  release(): Promise<void>;
}

/** What a verdict says of itself, with nothing taken for granted. */
interface Claimed {
  readonly bodySigned?: boolean | undefined;
  readonly deliveryId?: string;
  readonly deliveryIdSigned?: boolean;
}

interface ClaimOptions {
  readonly provider: string;
  readonly bodyHash: () => Promise<string>;
  readonly rememberMs: number;
}

const nothing: BodyClaim = { release: () => Promise.resolve() };

/**
 * Lets a signature that covers no body stand for one body. The next try of the same delivery passes; another body under
 * its signature does not, whatever became of the first.
 * @throws PlugboardError code `nothing_signed` where such a signature covers no id either: by types it cannot be, but a
 * provider in plain JavaScript could say so, and then one delivery that was seen would vouch for any other.
 */
export async function claimBody(
  values: Store['once'],
  verdict: Claimed,
  { provider, bodyHash, rememberMs }: ClaimOptions,
): Promise<BodyClaim | 'replayed'> {
  if (verdict.bodySigned !== false) return nothing;
  const { deliveryId, deliveryIdSigned } = verdict;
  if (!deliveryId || deliveryIdSigned !== true) {
    throw configurationError(
      'nothing_signed',
      'The signature of a webhook covers neither its body nor an id: nothing was heard of it.',
      'Let `verify` return a `deliveryId` that the signature covers, or refuse the delivery.',
    );
  }
  const key = `webhook-body:${provider}:${await hashText('sha256', deliveryId, 'hex')}`;
  const body = await bodyHash();
  const mark = await values.put({ key, value: body, ttlMs: rememberMs });
  if (mark !== 'stored') return (await values.peek(key)) === body ? nothing : 'replayed';
  return {
    async release() {
      await values.take(key);
    },
  };
}
