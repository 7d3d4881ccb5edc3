import { encodeUtf8 } from '../../src/bytes.ts';
import { Secret } from '../../src/secret.ts';
import type { Delivery, RejectReason, Verify, VerifyTools } from '../../src/webhooks/webhook.ts';

export interface DeliveryInit {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Wall time in milliseconds at which it comes in. Default 1700000000000. */
  readonly at?: number;
}

export const now = 1_700_000_000_000;

export function delivery({ method = 'POST', url, headers, body = '', at = now }: DeliveryInit): Delivery {
  return {
    method,
    url: new URL(url ?? 'https://app.example/webhooks/acme'),
    headers: new Headers(headers),
    body: typeof body === 'string' ? encodeUtf8(body) : body,
    receivedAt: at,
  };
}

/** `ok`, or the reason of the refusal. */
export async function judge(
  verify: Verify,
  init: DeliveryInit,
  secrets: string | readonly string[],
  tools?: VerifyTools,
): Promise<'ok' | RejectReason> {
  const list = typeof secrets === 'string' ? [secrets] : secrets;
  const verdict = await verify(
    delivery(init),
    list.map((text) => new Secret(text)),
    tools,
  );
  return verdict.ok ? 'ok' : verdict.reason;
}

export function withHeader(init: DeliveryInit, name: string, value: string | null): DeliveryInit {
  const headers = new Headers(init.headers);
  if (value === null) headers.delete(name);
  else headers.set(name, value);
  return { ...init, headers };
}

export function bytesOf(body: DeliveryInit['body']): Uint8Array {
  return typeof body === 'string' ? encodeUtf8(body) : (body ?? new Uint8Array());
}

/** A sequence of numbers in [0, 1) that a seed decides. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
