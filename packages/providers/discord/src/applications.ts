/** What an application offers and how it answers: commands, interactions, its own settings. */
import { configurationError, endpoint, operation, reveal } from '@plugboard/core';
import { given, nothing, z } from '@plugboard/core/fields';

import { byBot, docs } from './operations.ts';
import { application, asJson, asMessage, command, content, id, ids, message, posting, says } from './schemas.ts';

const commandsIn = z
  .array(z.looseObject({ name: z.string().min(1).max(32), description: z.string().max(100).optional() }))
  .max(130)
  .meta({ examples: [[{ name: 'order', description: 'Shows an order.' }]] });
const replaced = {
  repeat: 'safe',
  encode: (input: { commands: unknown }) => ({ json: input.commands }),
  output: z.array(command),
} as const;

export const commands = {
  list: endpoint('GET /applications/{applicationId}/commands', {
    summary: 'Lists the commands of the application.',
    docs: docs('interactions/application-commands#get-global-application-commands'),
    ...byBot,
    input: given({ applicationId: ids.applicationId }),
    output: z.array(command),
  }),
  replace: endpoint('PUT /applications/{applicationId}/commands', {
    summary: 'Registers these commands everywhere, and removes all others.',
    docs: docs('interactions/application-commands#bulk-overwrite-global-application-commands'),
    ...byBot,
    input: given({ applicationId: ids.applicationId, commands: commandsIn }),
    ...replaced,
  }),
  replaceInGuild: endpoint('PUT /applications/{applicationId}/guilds/{guildId}/commands', {
    summary: 'Registers these commands in one server, at once, and removes its others.',
    docs: docs('interactions/application-commands#bulk-overwrite-guild-application-commands'),
    ...byBot,
    input: given({ applicationId: ids.applicationId, guildId: ids.guildId, commands: commandsIn }),
    ...replaced,
  }),
};

const token = z
  .string()
  .regex(/^[\w.=-]+$/)
  .meta({ examples: ['aW50ZXJhY3Rpb246ODQ2NDYyNjM5MTM0NjA1MzEy'] });
const answer = { applicationId: ids.applicationId, interactionToken: token };

export const interactions = {
  reply: endpoint('POST /interactions/{interactionId}/{interactionToken}/callback', {
    summary: 'Answers an interaction that the webhook answered with status 202, within three seconds.',
    docs: docs('interactions/receiving-and-responding#create-interaction-response'),
    input: given(
      {
        interactionId: id('846462639134605312'),
        interactionToken: token,
        type: z
          .int()
          .min(4)
          .max(12)
          .meta({ examples: [4] }),
      },
      { data: z.looseObject({}).meta({ examples: [{ content: 'Order 7 is on its way.', flags: 64 }] }) },
    ),
    ...asJson('interactionId', 'interactionToken'),
    output: nothing,
    example: { status: 204 },
  }),
  edit: endpoint('PATCH /webhooks/{applicationId}/{interactionToken}/messages/@original', {
    summary: 'Changes the first answer, or fills a deferred one, within fifteen minutes.',
    docs: docs('interactions/receiving-and-responding#edit-original-interaction-response'),
    repeat: 'safe',
    input: given(answer, content).refine(...says),
    encode: (input) => asMessage(input, ['applicationId', 'interactionToken']),
    output: message,
  }),
  followUp: endpoint('POST /webhooks/{applicationId}/{interactionToken}', {
    summary: 'Adds a message to the answer, within fifteen minutes.',
    docs: docs('interactions/receiving-and-responding#create-followup-message'),
    input: given(answer, posting).refine(...says),
    encode: (input) => ({ ...asMessage(input, ['applicationId', 'interactionToken']), query: { wait: true } }),
    output: message,
  }),
};

export const applications = {
  current: endpoint('GET /applications/@me', {
    summary: "Reads the bot's application.",
    docs: docs('resources/application#get-current-application'),
    ...byBot,
    input: z.strictObject({}),
    output: application,
  }),
  edit: endpoint('PATCH /applications/@me', {
    summary: 'Tells the application where its interactions and events go; Discord calls the address at once.',
    docs: docs('resources/application#edit-current-application'),
    repeat: 'safe',
    ...byBot,
    input: given(
      {},
      {
        interactionsEndpointUrl: z
          .url({ protocol: /^https$/ })
          .meta({ examples: ['https://app.example.com/webhooks/discord'] }),
        eventWebhooksUrl: z.url({ protocol: /^https$/ }),
        eventWebhooksStatus: z.literal([1, 2]),
        eventWebhooksTypes: z.array(z.string().min(1)),
      },
    ),
    ...asJson(),
    output: application,
  }),
};

export const permissions = z
  .string()
  .regex(/^\d+$/)
  .meta({ title: 'Permissions', examples: ['2048'] });

/** What the page that adds a bot asks for, and where: https://docs.discord.com/developers/topics/oauth2 (2026-08). */
export function placeOf(asked: { readonly permissions?: unknown; readonly guildId?: unknown }): Record<string, string> {
  const { permissions: wanted, guildId } = asked;
  return {
    ...(typeof wanted === 'string' && { permissions: wanted }),
    ...(typeof guildId === 'string' && { guild_id: guildId, disable_guild_select: 'true' }),
  };
}

export const bot = {
  installUrl: operation({
    summary: 'Makes the link that adds the bot to a server. Nobody comes back from it: see `guilds.get`.',
    docs: docs('topics/oauth2#bot-authorization-flow'),
    input: given(
      {},
      {
        permissions,
        guildId: ids.guildId,
        scopes: z.array(z.string().min(1)).min(1),
      },
    ),
    async run(api, { scopes = ['bot', 'applications.commands'], ...place }) {
      const { clientId } = api.app;
      if (clientId === undefined) {
        throw configurationError(
          'app_credentials_missing',
          'The link needs the id of the application.',
          'Set DISCORD_CLIENT_ID.',
        );
      }
      const query = { client_id: reveal(clientId), scope: scopes.join(' '), ...placeOf(place) };
      return { url: `https://discord.com/oauth2/authorize?${new URLSearchParams(query).toString()}` };
    },
  }),
};
