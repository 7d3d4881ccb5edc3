/** A delivery's way through the board: whom it reaches, how often, and what the vendor gets back. */
import { reveal, Secret } from '@plugboard/core';
import type { ChannelRequest, Credentials, WebhookDefinition, WebhookVector } from '@plugboard/core';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { openExample, withCapturedChannels } from './channel-cases.ts';
import { exampleFields } from './declared.ts';
import { deliveryOf, routeOf, signedPost, type SignedPost } from './webhook-delivery.ts';
import { organizationId, withConnection, withWorld, type World } from './world.ts';

export function intakeCases(subject: Subject, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase[] {
  const { definition } = subject.factory();
  const url = routeOf(definition, vector);
  return [
    providerCase('E02 webhooks: without a secret nothing is believed', () =>
      withWorld(
        subject,
        async (world) => {
          const seen = listen(world);
          const answer = await world.board.webhooks.receive(
            definition.id,
            request(vector, url, new Headers(vector.headers)),
          );
          expect(answer.status).toBe(webhooks.channels?.read === undefined ? 503 : unsignedStatus(webhooks));
          expect(seen).toEqual([]);
        },
        'unconfigured',
      ),
    ),
    providerCase('E01 E04 webhooks: a delivery reaches the handler once, a forged one never', () =>
      withDelivery(subject, webhooks, vector, async ({ world, types, unsigned, signed, receive }) => {
        const seen = listen(world);
        expect((await receive(unsigned)).status, 'unsigned').toBe(unsignedStatus(webhooks));
        expect(seen).toEqual([]);
        expect((await receive(signed)).status, 'signed').toBeLessThan(300);
        expect(seen).toEqual(types);
        expect((await receive(signed)).status, 'sent again').toBeLessThan(300);
        expect(seen).toEqual(types);
      }),
    ),
    ...(webhooks.signBody === undefined ? [] : [oneBodyCase(subject, webhooks, vector)]),
    ...(vector.events?.length === 0 ? [] : [replyCase(subject, webhooks, vector)]),
    ...Object.entries(webhooks.refusals ?? {}).map(([reason, status]) =>
      providerCase(`webhooks: the refusal \`${reason}\` is a refusal`, () => {
        expect(status, 'a status that tells the vendor no').toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(600);
      }),
    ),
  ];
}

function oneBodyCase(subject: Subject, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase {
  return providerCase('E04 webhooks: a signature that covers no body serves one body', () =>
    withDelivery(subject, webhooks, vector, async ({ world, types, signed, receive }) => {
      const seen = listen(world);
      expect((await receive(signed)).status).toBeLessThan(300);
      const body = signed.body + (signed.body.startsWith('{') ? '\n' : '&x=1');
      expect((await receive({ ...signed, body })).status, 'another body').toBe(webhooks.refusals?.replayed ?? 401);
      expect((await receive(signed)).status, 'the first body again').toBeLessThan(300);
      expect(seen).toEqual(types);
    }),
  );
}

function replyCase(subject: Subject, webhooks: WebhookDefinition, vector: WebhookVector): ProviderCase {
  return providerCase('webhooks: what a handler answers is what the vendor gets, the first time', () =>
    withDelivery(subject, webhooks, vector, async ({ world, signed, receive }) => {
      const headers = { 'content-type': 'text/plain' };
      world.board.on(world.definition.id, '*', () => ({ status: 203, headers, body: 'from the handler' }));
      const first = await receive(signed);
      expect([first.status, await first.text()]).toEqual([203, 'from the handler']);
      const again = await receive(signed);
      expect([again.status, await again.text()], 'sent again').not.toEqual([203, 'from the handler']);
      expect(again.status, 'sent again').toBeLessThan(300);
    }),
  );
}

interface SignedVector {
  readonly world: World;
  /** What the host must hear. */
  readonly types: readonly string[];
  readonly unsigned: SignedPost;
  readonly signed: SignedPost;
  receive(post: SignedPost): Promise<Response>;
}

/** The vector, about the account that is connected or through a channel of it, signed as for the secret of this board. */
function withDelivery(
  subject: Subject,
  webhooks: WebhookDefinition,
  vector: WebhookVector,
  use: (delivery: SignedVector) => Promise<void>,
): Promise<void> {
  const watched = withCapturedChannels(subject);
  return withConnection(watched.subject, async (world) => {
    const { definition, clock } = world;
    const mine = await inChannel(world, webhooks, await forConnection(world, webhooks, vector), watched.opened);
    const secret = secretOf(subject, webhooks, world, watched.opened.at(-1)?.token);
    const url = routeOf(definition, mine);
    clock.set(deliveryOf(definition, vector).receivedAt);
    const post = await signedPost(webhooks, { body: mine.body, url, at: new Date(clock.now()) }, secret);
    const untouched = mine.body === vector.body && watched.opened.length === 0;
    await use({
      world,
      types: webhooks.parse(deliveryOf(definition, mine)).map(({ type }) => type),
      unsigned: { headers: untouched ? {} : vector.headers, body: mine.body },
      signed: { headers: { ...mine.headers, ...post.headers }, body: post.body },
      receive: ({ headers, body }) => {
        const sent = request({ ...mine, body }, url, new Headers(headers));
        return world.board.webhooks.receive(definition.id, sent, { organizationId });
      },
    });
  });
}

function unsignedStatus({ refusals = {} }: WebhookDefinition): number {
  return refusals.signature_missing ?? 401;
}

function listen(world: World): string[] {
  const seen: string[] = [];
  world.board.on(world.definition.id, '*', (_data: unknown, { type }: { type: string }) => void seen.push(type));
  return seen;
}

function request({ method = 'POST', body }: WebhookVector, url: string, headers: Headers): Request {
  return new Request(url, { method, headers, body });
}

/** The secret that a delivery to this connection must be signed with. */
function secretOf({ options }: Subject, webhooks: WebhookDefinition, world: World, token: string | undefined): string {
  const { app, definition } = world;
  const [name, method] = Object.entries(definition.auth)[0]!;
  const credentials = options.credentials?.[name] ?? exampleFields(method);
  const found = webhooks
    .secrets({
      app,
      credentials: credentials as Credentials,
      ...(token !== undefined && { channelToken: new Secret(token) }),
    })
    .find((secret) => secret !== undefined);
  if (found === undefined)
    return expect.unreachable('neither the app nor the example credentials hold a webhook secret');
  const { secret } = found as { secret?: Secret };
  return reveal(secret ?? (found as Secret | string));
}

/** The vector, about the account that is connected, unless it already speaks of one of that account's further ids. */
async function forConnection(world: World, webhooks: WebhookDefinition, vector: WebhookVector): Promise<WebhookVector> {
  const [event] = webhooks.parse(deliveryOf(world.definition, vector));
  const { account, metadata } = await world.api();
  const further = (metadata['alsoKnownAs'] ?? []) as readonly string[];
  return event?.accountId === undefined || account === null || further.includes(event.accountId)
    ? vector
    : { ...vector, body: vector.body.replaceAll(event.accountId, account.id) };
}

/** The vector, through a channel that is opened for it, where the vendor notifies through channels. */
async function inChannel(
  world: World,
  { channels }: WebhookDefinition,
  vector: WebhookVector,
  opened: readonly ChannelRequest[],
): Promise<WebhookVector> {
  const named = channels?.read?.(deliveryOf(world.definition, vector));
  if (channels === undefined || named === undefined) return vector;
  await openExample(world, channels);
  const { id, token } = opened.at(-1)!;
  const about = (text: string) => text.replaceAll(named.id, id).replaceAll(named.token, token);
  const headers = Object.entries(vector.headers).map(([name, value]) => [name, about(value)]);
  return { ...vector, headers: Object.fromEntries(headers) as Record<string, string>, body: about(vector.body) };
}
