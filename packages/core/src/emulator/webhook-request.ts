/** Deliveries as the vendor would send them, signed with the secret of the receiver. */
import type { Clock } from '../clock.ts';
import { configurationError } from '../errors.ts';
import { parseJson, type Json } from '../json.ts';
import type { AnyDefinition, WebhookVector } from '../provider.ts';
import { reveal, type Secret } from '../secret.ts';

export interface WebhookOptions {
  /** The public URL of the receiving route: several vendors sign it. Default `https://app.example/webhooks/<provider>`. */
  readonly url?: string;
  /** Added to what the vendor sends, or instead of it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * @param event Type of an event that the provider's vectors show, or a body: text as it is, anything else as JSON.
 * @throws PlugboardError code `no_webhooks`, or `unknown_event` for a type without an example.
 */
export async function webhookRequest(
  { definition, clock }: { readonly definition: AnyDefinition; readonly clock: Clock },
  { event, secret }: { readonly event: string | Json; readonly secret: string | Secret },
  options: WebhookOptions = {},
): Promise<Request> {
  const { webhooks, id } = definition;
  if (webhooks === undefined) {
    throw configurationError(
      'no_webhooks',
      `Provider \`${id}\` declares no webhooks.`,
      'Use a provider that has some.',
    );
  }
  const { url = `https://app.example/webhooks/${id}` } = options;
  const sample = sampleOf(definition, webhooks.vectors, event);
  const unsigned = { body: sample.body, url, at: new Date(clock.now()) };
  const body = (await webhooks.signBody?.(unsigned, reveal(secret))) ?? sample.body;
  const signature = await webhooks.sign({ ...unsigned, body }, reveal(secret));
  const headers = { 'content-type': sample.contentType, ...signature, ...options.headers };
  return new Request(url, { method: sample.method, headers, body });
}

interface Sample {
  readonly body: string;
  readonly method: string;
  readonly contentType: string;
}

function sampleOf(definition: AnyDefinition, vectors: readonly WebhookVector[], event: string | Json): Sample {
  const good = vectors.filter((vector) => vector.ok);
  const method = good[0]?.method ?? 'POST';
  if (typeof event !== 'string') return { body: JSON.stringify(event), method, contentType: 'application/json' };
  const shown = good.find((vector) => vector.events?.includes(event));
  if (shown !== undefined)
    return { body: shown.body, method: shown.method ?? 'POST', contentType: contentTypeOf(shown) };
  if (/^[\w.:/-]+$/.test(event)) {
    const known = [...new Set(good.flatMap((vector) => vector.events ?? []))];
    throw configurationError(
      'unknown_event',
      `Provider \`${definition.id}\` shows no delivery of \`${event}\`.`,
      `Pass a body, or one of: ${known.join(', ') || 'none'}.`,
    );
  }
  return { body: event, method, contentType: good[0] === undefined ? guessType(event) : contentTypeOf(good[0]) };
}

function contentTypeOf({ headers, body }: WebhookVector): string {
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
  return named?.[1] ?? guessType(body);
}

function guessType(body: string): string {
  try {
    parseJson(body);
    return 'application/json';
  } catch {
    return 'application/x-www-form-urlencoded';
  }
}
