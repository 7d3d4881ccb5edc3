import { encodeHex } from '../bytes.ts';
import { hash } from '../hash.ts';
import type { Store } from '../store.ts';
import type { Verdict } from './webhook.ts';

export interface BodyClaim {
  /** The delivery came to nothing: the vendor's next try may look another way. */
  release(): Promise<void>;
}

const nothing: BodyClaim = { release: () => Promise.resolve() };

/**
 * Lets a signature that covers no body stand for one body. The next try of the same delivery passes; another body under
 * its signature does not, whatever became of the first.
 */
export async function claimBody(
  values: Store['once'],
  verdict: Extract<Verdict, { readonly ok: true }>,
  { provider, body, rememberMs }: { readonly provider: string; readonly body: string; readonly rememberMs: number },
): Promise<BodyClaim | 'replayed'> {
  const { bodySigned, deliveryId } = verdict;
  if (bodySigned !== false || deliveryId === undefined) return nothing;
  const key = `webhook-body:${provider}:${encodeHex(await hash('sha256', deliveryId))}`;
  const mark = await values.put({ key, value: body, ttlMs: rememberMs });
  if (mark !== 'stored') return (await values.peek(key)) === body ? nothing : 'replayed';
  return {
    async release() {
      await values.take(key);
    },
  };
}
