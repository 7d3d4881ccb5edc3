/** Interactions and application events: one signature, two handshakes. */
import {
  at,
  ed25519Example,
  ed25519Signature,
  ed25519Signer,
  invalidInput,
  jsonReply,
  member,
  parseJson,
  text,
} from '@plugboard/core';
import type { Delivery, Json, WebhookDefinition, WebhookEvent } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

/** https://docs.discord.com/developers/interactions/overview#validating-security-request-headers (2026-08). */
const scheme = {
  header: 'x-signature-ed25519',
  timestamp: { header: 'x-signature-timestamp', unit: 'seconds' },
  content: ({ body }, timestamp) => [timestamp, body],
} satisfies Parameters<typeof ed25519Signature>[0];

const read = ({ body }: Delivery) => parseJson(new TextDecoder().decode(body));
/** Application events have a version; interactions have a token. */
const isEvent = (data: Json) => member(data, 'version') !== undefined && member(data, 'token') === undefined;

const kinds: Readonly<Record<number, string>> = {
  2: 'interaction.command',
  3: 'interaction.component',
  4: 'interaction.autocomplete',
  5: 'interaction.modal',
};

/** Where it was sent from: a server, or a direct message of a user; and the application, whose bot may be connected. */
function interaction(data: Json): readonly WebhookEvent[] {
  const kind = member(data, 'type');
  if (kind === 1) return [];
  const type = typeof kind === 'number' ? kinds[kind] : undefined;
  const [id, application] = [text(member(data, 'id')), text(member(data, 'application_id'))];
  if (type === undefined || id === undefined || application === undefined)
    throw invalidInput('The interaction', [{ path: 'type', message: 'is unknown, or there is no id' }]);
  const place = text(member(data, 'guild_id')) ?? text(at(data, 'user', 'id'));
  return [{ type, id, ...concerning(place, application), data }];
}

function applicationEvent(data: Json): readonly WebhookEvent[] {
  if (member(data, 'type') === 0) return [];
  const type = text(at(data, 'event', 'type'));
  if (type === undefined) throw invalidInput('The event', [{ path: 'event.type', message: 'is missing' }]);
  const content = at(data, 'event', 'data') ?? null;
  const guild = text(at(content, 'guild', 'id')) ?? text(member(content, 'guild_id'));
  const place = guild ?? text(at(content, 'user', 'id')) ?? text(member(content, 'user_id'));
  // Whoever takes an application back ends a grant, never the application's own bot.
  const application = type === deauthorized ? undefined : text(member(data, 'application_id'));
  const sent = Date.parse(text(at(data, 'event', 'timestamp')) ?? '');
  const occurredAt = Number.isNaN(sent) ? {} : { occurredAt: new Date(sent) };
  return [{ type, ...concerning(place, application), ...occurredAt, data: content }];
}

function concerning(place: string | undefined, application: string | undefined) {
  const [accountId, ...otherAccountIds] = [place, application].filter((id) => id !== undefined);
  return { ...(accountId !== undefined && { accountId }), otherAccountIds };
}

const deauthorized = 'APPLICATION_DEAUTHORIZED';
const asked = like({ id: '1', application_id: '1', token: 't', type: 2 }, { data: z.unknown(), guild_id: z.string() });
/** https://docs.discord.com/developers/events/webhook-events#event-types (2026-08). */
const entitlement = like({ id: '1', sku_id: '1', application_id: '1' }, { user_id: '1', guild_id: '1' });
const inLobby = like({ id: '1', lobby_id: '1' }, { content: 'Hi', channel_id: '1' });
const inGame = like({ id: '1' }, { content: 'Hi', channel_id: '1' });

function eventsOf<const Type extends string, Data>(data: Data, ...types: readonly Type[]) {
  return Object.fromEntries(types.map((type) => [type, data])) as Record<Type, Data>;
}

export const webhooks = {
  docs: 'https://docs.discord.com/developers/interactions/receiving-and-responding',
  secrets: ({ app, credentials }) => [credentials['publicKey'], app['publicKey']],
  verify: ed25519Signature(scheme),
  parse: (delivery) => {
    const data = read(delivery);
    return isEvent(data) ? applicationEvent(data) : interaction(data);
  },
  // A handler answers an interaction with `jsonReply({ type: 4, data })`; 202 means that it will call `interactions.reply`.
  reply: (delivery) => {
    const data = read(delivery);
    if (isEvent(data)) return { status: 204 };
    return member(data, 'type') === 1 ? jsonReply({ type: 1 }) : { status: 202 };
  },
  events: {
    'interaction.command': asked,
    'interaction.component': asked,
    'interaction.autocomplete': asked,
    'interaction.modal': asked,
    APPLICATION_AUTHORIZED: like({ user: like({ id: '1' }), scopes: ['bot'] }, { guild: like({ id: '1' }) }),
    [deauthorized]: like({ user: like({ id: '1' }) }),
    ...eventsOf(entitlement, 'ENTITLEMENT_CREATE', 'ENTITLEMENT_UPDATE', 'ENTITLEMENT_DELETE'),
    ...eventsOf(inLobby, 'LOBBY_MESSAGE_CREATE', 'LOBBY_MESSAGE_UPDATE', 'LOBBY_MESSAGE_DELETE'),
    ...eventsOf(inGame, 'GAME_DIRECT_MESSAGE_CREATE', 'GAME_DIRECT_MESSAGE_UPDATE', 'GAME_DIRECT_MESSAGE_DELETE'),
  },
  ends: [deauthorized],
  vectors: [
    {
      name: 'a command',
      source: 'computed',
      secret: ed25519Example.publicKey,
      headers: {
        'x-signature-timestamp': '1700000000',
        'x-signature-ed25519':
          '048622da5ec2f9a58450498d29004b9977f0a39b8f23fb9c1adb40f3ef4169f5c2708f0e6c4c7dcbc383ff4517bfa79798ed26369f55927890a24e480020d102',
      },
      body: '{"id":"846462639134605312","application_id":"172150183260323840","type":2,"token":"aW50ZXJhY3Rpb24","guild_id":"197038439483310086","data":{"id":"1","name":"order"}}',
      at: '2023-11-14T22:13:20.000Z',
      ok: true,
      events: ['interaction.command'],
    },
    {
      name: 'the handshake of interactions',
      source: 'computed',
      secret: ed25519Example.publicKey,
      headers: {
        'x-signature-timestamp': '1700000000',
        'x-signature-ed25519':
          '1695961a47c91a1ec033b819b7e87e3dbc583dd0cee6d1fd0216f58ac87b6228ae531ddbf91fb7bc28d7edf7f08604da16f54624f38a6bc0614e4dc13cd47f0f',
      },
      body: '{"type":1}',
      at: '2023-11-14T22:13:20.000Z',
      ok: true,
      events: [],
    },
    {
      name: 'the handshake with another type',
      source: 'computed',
      secret: ed25519Example.publicKey,
      headers: {
        'x-signature-timestamp': '1700000000',
        'x-signature-ed25519':
          '1695961a47c91a1ec033b819b7e87e3dbc583dd0cee6d1fd0216f58ac87b6228ae531ddbf91fb7bc28d7edf7f08604da16f54624f38a6bc0614e4dc13cd47f0f',
      },
      body: '{"type":2}',
      at: '2023-11-14T22:13:20.000Z',
      ok: false,
    },
  ],
  sign: ed25519Signer(scheme),
} satisfies WebhookDefinition;
