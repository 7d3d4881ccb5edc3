/** A declared vector as the request it stands for. */
import type { AnyDefinition, Delivery, WebhookDefinition, WebhookVector } from '@plugboard/core';

import { boardUrl } from './world.ts';

export function deliveryOf(definition: AnyDefinition, vector: WebhookVector): Delivery {
  const { method = 'POST', url = `${boardUrl}/webhooks/${definition.id}`, headers, body, at } = vector;
  return {
    method,
    url: new URL(url),
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
    receivedAt: at === undefined ? Date.UTC(2026, 0, 1) : Date.parse(at),
  };
}

export interface SignedPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A body as the provider's own signer sends it: signed in headers, or inside. */
export async function signedPost(
  { sign, signBody }: WebhookDefinition,
  delivery: { readonly body: string; readonly url: string; readonly at: Date },
  secret: string,
): Promise<SignedPost> {
  const body = (await signBody?.(delivery, secret)) ?? delivery.body;
  return { headers: await sign({ ...delivery, body }, secret), body };
}

/** The address on the board under test that the vector was sent to. */
export function routeOf(definition: AnyDefinition, { url }: WebhookVector): string {
  return `${boardUrl}/webhooks/${definition.id}${url === undefined ? '' : new URL(url).search}`;
}
