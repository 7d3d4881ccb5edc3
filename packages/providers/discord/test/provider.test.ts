import { ed25519Example, jsonReply } from '@plugboard/core';
import { agreesWithVerifier, conformance, createTestBoard, findCanaries, providerContract } from '@plugboard/testing';
import { verifyKey } from 'discord-interactions';
import { describe, expect, test } from 'vitest';

import { discord } from '../src/index.ts';

const application = { id: '172150183260323840', name: 'Baking Bot' };
const webhook = { id: '223704706495545344', name: 'Orders' };
const { publicKey } = ed25519Example;

providerContract(discord, {
  accounts: { botToken: application, webhook, channel: webhook, oauth: { id: '53908099506183680', name: 'Mason' } },
  app: { publicKey },
  settings: { channel: '155101607195836416' },
  exceptions: {
    'channel: a token that cannot be refreshed ends with a call to reconnect':
      'The webhook is what is kept, and it does not expire with the tokens that came with it.',
  },
});

conformance(discord.definition, {
  excerpts: 'A message has 17 required members and a server 40, of which next to none are worth reading.',
  inputs: {
    'messages.create': [
      {
        channelId: '155101607195836416',
        embeds: [{ title: 'Order 7', description: 'Tea' }],
        allowedMentions: { parse: [] },
        flags: 4,
        tts: false,
        nonce: 'order-7',
        messageReference: { message_id: '334385199974967042' },
      },
    ],
    'messages.list': [{ channelId: '155101607195836416', limit: 100, after: '334385199974967042' }],
    'webhooks.send': [
      {
        url: 'https://discord.com/api/v10/webhooks/223704706495545344/3d89bb75',
        content: 'Hi',
        username: 'Orders',
        avatarUrl: 'https://example.com/a.png',
        threadId: '334385199974967042',
        withComponents: true,
      },
    ],
    'guilds.list': [{ limit: 200, after: '197038439483310086', withCounts: false }],
    'applications.edit': [
      {
        eventWebhooksUrl: 'https://app.example.com/webhooks/discord',
        eventWebhooksStatus: 2,
        eventWebhooksTypes: ['APPLICATION_AUTHORIZED'],
      },
    ],
  },
});

const organizationId = 'org-1';
const url = 'https://app.example.com/integrations/webhooks/discord';
const bot = { botToken: 'MTk4NjIyNDgzNDcx.CsHM-G.0123456789abcdefghij', publicKey };
const webhookUrl = 'https://discord.com/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd172';

function rig() {
  const made = createTestBoard(discord({ clientId: application.id, clientSecret: 'client-secret', publicKey }));
  const { board, clock, vendor } = made;
  const post = async (body: object, target = {}) => {
    const text = JSON.stringify(body);
    const headers = await discord.definition.webhooks!.sign({ body: text, url, at: new Date(clock.now()) }, publicKey);
    return board.webhooks.receive('discord', new Request(url, { method: 'POST', body: text, headers }), target);
  };
  return {
    ...made,
    post,
    answerTokensWith: (more: object) =>
      made.answer(async ({ url: { pathname } }, request) => {
        if (!pathname.endsWith('/token')) return undefined;
        const answer = await vendor.fetch(request);
        return Response.json({ ...((await answer.json()) as object), ...more });
      }),
    connectBot: () => board.connect('discord', { organizationId, method: 'botToken', credentials: bot }),
    connectWebhook: () => board.connect('discord', { organizationId, method: 'webhook', credentials: { webhookUrl } }),
    async authorize(method: 'oauth' | 'channel', scopes?: readonly string[], label = 'default') {
      const result = await made.authorize({ method, label, ...(scopes && { scopes }) });
      return 'connection' in result ? result.connection : expect.unreachable(result.status);
    },
  };
}

const command = {
  id: '846462639134605312',
  application_id: application.id,
  type: 2,
  token: 'aW50',
  version: 1,
  guild_id: '197038439483310086',
  member: { user: { id: '53908099506183680' } },
  data: { name: 'order' },
};

describe('what is sent', () => {
  test('every request names the library, those of the sign-in too', async () => {
    const { board, sent, authorize } = rig();
    await authorize('oauth');
    await board.client('discord', { organizationId }).guilds.list();
    await board.disconnect('discord', { organizationId });
    expect([...new Set(sent.map((request) => request.url.pathname))]).toEqual([
      '/api/oauth2/token',
      '/api/v10/oauth2/@me',
      '/api/v10/users/@me/guilds',
      '/api/oauth2/token/revoke',
    ]);
    for (const { headers } of sent) expect(headers.get('user-agent')).toMatch(/^DiscordBot \(https:\/\/\S+, [\d.]+\)$/);
  });

  test('a bot is a Bot, a user is a Bearer, a webhook is nobody', async () => {
    const authorizations: (string | null | undefined)[] = [];
    for (const connect of ['connectBot', 'connectWebhook', 'authorize'] as const) {
      const { sent, ...rest } = rig();
      await rest[connect]('oauth');
      authorizations.push(sent.at(-1)?.headers.get('authorization'));
    }
    expect(authorizations).toEqual([`Bot ${bot.botToken}`, null, expect.stringMatching(/^Bearer \S+$/)]);
  });

  test('a nonce makes a message the same message twice', async () => {
    const { board, sent, connectBot } = rig();
    await connectBot();
    const { messages } = board.client('discord', { organizationId });
    await messages.create({ channelId: '155101607195836416', content: 'Hi', nonce: 'order-7' });
    expect(sent.at(-1)!.json).toEqual({ content: 'Hi', nonce: 'order-7', enforce_nonce: true });
    await messages.create({ channelId: '155101607195836416', content: 'Hi' });
    expect(sent.at(-1)!.json).toEqual({ content: 'Hi' });
  });

  test('files go along as a form whose first part is the message', async () => {
    const { board, sent, connectBot } = rig();
    await connectBot();
    const files = [{ name: 'a.txt', content: new TextEncoder().encode('tea'), contentType: 'text/plain' }];
    await board.client('discord', { organizationId }).messages.create({ channelId: '155101607195836416', files });
    const { headers, text } = sent.at(-1)!;
    const form = await new Response(text, { headers: { 'content-type': headers.get('content-type')! } }).formData();
    expect([...form.keys()]).toEqual(['payload_json', 'files[0]']);
    expect(await (form.get('files[0]') as File).text()).toBe('tea');
  });

  test('a message says something, and ids are ids', async () => {
    const { board, sent, connectBot } = rig();
    await connectBot();
    const { messages } = board.client('discord', { organizationId });
    sent.length = 0;
    await expect(messages.create({ channelId: '155101607195836416' })).rejects.toMatchObject({ code: 'invalid_input' });
    for (const channelId of ['1', '../../users/@me', '155101607195836416/x', ''])
      await expect(messages.create({ channelId, content: 'Hi' })).rejects.toMatchObject({
        fields: expect.arrayContaining([expect.objectContaining({ path: 'channelId' })]) as unknown,
      });
    expect(sent).toEqual([]);
  });

  test('pages go on before the oldest, or after the newest', async () => {
    const { next } = discord.definition.operations.messages.list.paging!;
    const page = [{ id: '300000000000000003' }, { id: '300000000000000001' }] as never;
    const channelId = '155101607195836416';
    expect(next(page, { channelId })).toEqual({ channelId, before: '300000000000000001' });
    expect(next(page, { channelId, after: '1' })).toEqual({ channelId, after: '300000000000000003' });
    expect(next(page, { channelId, around: '1' })).toBeUndefined();
    expect(next([] as never, { channelId })).toBeUndefined();
  });
});

describe('a webhook', () => {
  test('is posted to by its URL alone, which shows nowhere, and its token is not handed out', async () => {
    const { board, sent, vendor, connectWebhook } = rig();
    const connection = await connectWebhook();
    const client = board.client('discord', { organizationId });
    await client.notify.send({ title: 'Order', text: 'Ping @everyone' });
    const last = sent.at(-1)!;
    expect(last.url.href).toBe(`${webhookUrl.replace('/api/', '/api/v10/')}?wait=true`);
    expect(last.json).toEqual({ content: '**Order**\nPing @everyone', allowed_mentions: { parse: [] } });
    vendor.failNext({ status: 404, json: { code: 10015, message: 'Unknown Webhook' } });
    const error: unknown = await client.notify.send({ text: 'Hi' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'auth', code: 'unknown_webhook' });
    vendor.failNext({ status: 200, json: { id: '223704706495545344', token: 'tok-en', url: webhookUrl } });
    const shown = [error, connection, await client.webhooks.get({})];
    expect(findCanaries(shown, { token: '3d89bb7572e0fb30d8128367b3b1b44fecd172', other: 'tok-en' })).toEqual([]);
  });

  test('is no bot: what only a bot can do is refused here, and never counts against the address', async () => {
    const { board, sent, connectWebhook } = rig();
    await connectWebhook();
    sent.length = 0;
    const { messages, users } = board.client('discord', { organizationId });
    const refused = { kind: 'permission', code: 'wrong_method', hint: 'Connect by `botToken` (Bot token).' };
    await expect(messages.create({ channelId: '155101607195836416', content: 'Hi' })).rejects.toMatchObject(refused);
    await expect(users.authorization({})).rejects.toMatchObject({ code: 'wrong_method' });
    expect(sent).toEqual([]);
  });

  test('of another host, or of no such form, is none', async () => {
    const { board, sent } = rig();
    for (const bad of [
      'https://evil.example/api/webhooks/223704706495545344/abc',
      'http://discord.com/api/webhooks/223704706495545344/abc',
      'https://discord.com@evil.example/api/webhooks/223704706495545344/abc',
      'https://discord.com/api/webhooks/223704706495545344/abc/../../../users',
      'https://discord.com/api/webhooks/x/abc',
    ]) {
      const connecting = board.connect('discord', {
        organizationId,
        method: 'webhook',
        credentials: { webhookUrl: bad },
      });
      await expect(connecting).rejects.toMatchObject({ fields: [{ path: 'webhookUrl' }] });
    }
    expect(sent).toEqual([]);
  });

  test('that a user added to a channel is kept without the tokens, and taken out at the end', async () => {
    const { board, sent, authorize, clock } = rig();
    const connection = await authorize('channel');
    expect(connection).toMatchObject({ account: webhook, status: 'active', expiresAt: null });
    await clock.advance(30 * 86_400_000);
    await board.client('discord', { organizationId }).notify.send({ text: 'Hi' });
    expect(await board.disconnect('discord', { organizationId })).toMatchObject({ revoked: 'revoked' });
    expect(sent.map(({ method, url: { pathname } }) => `${method} ${pathname.replace(/\/3d89\w+/, '/token')}`)).toEqual(
      [
        'POST /api/oauth2/token',
        'GET /api/v10/webhooks/223704706495545344/token',
        'POST /api/v10/webhooks/223704706495545344/token',
        'DELETE /api/v10/webhooks/223704706495545344/token',
      ],
    );
  });

  test('that is gone already ends the connection all the same', async () => {
    const { board, vendor, authorize } = rig();
    await authorize('channel');
    vendor.failNext({ status: 404, json: { code: 10015, message: 'Unknown Webhook' } });
    expect(await board.disconnect('discord', { organizationId })).toMatchObject({ revoked: 'revoked' });
  });
});

describe('adding the bot', () => {
  test('by a sign-in proves the server, which is then what is connected', async () => {
    const { answerTokensWith, authorize } = rig();
    answerTokensWith({ guild: { id: '197038439483310086', name: 'Discord Testers', owner_id: '1' } });
    const connection = await authorize('oauth', ['identify', 'guilds', 'bot']);
    expect(connection.account).toEqual({ id: '197038439483310086', name: 'Discord Testers' });
  });

  test('by a sign-in may ask for a server and for permissions', async () => {
    const input = { permissions: '2048', guildId: '197038439483310086' };
    const { url: page } = await rig().begin({ method: 'oauth', scopes: ['bot'], input });
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      permissions: '2048',
      guild_id: '197038439483310086',
      disable_guild_select: 'true',
      scope: 'bot',
    });
  });

  test('by a link makes the link and nothing else', async () => {
    const { board, sent, connectBot } = rig();
    await connectBot();
    sent.length = 0;
    const { bot: install } = board.client('discord', { organizationId });
    const made = await install.installUrl({ permissions: '2048', guildId: '197038439483310086' });
    expect(made.url).toBe(
      'https://discord.com/oauth2/authorize?client_id=172150183260323840&scope=bot+applications.commands&permissions=2048&guild_id=197038439483310086&disable_guild_select=true',
    );
    expect((await install.installUrl({})).url).not.toContain('guild');
    expect(sent).toEqual([]);
  });
});

describe('what comes in', () => {
  test('both handshakes are answered, each in its way, and only when signed', async () => {
    const { post, board } = rig();
    const interactions = await post({ type: 1, application_id: application.id, id: '1', token: 't', version: 1 });
    expect([interactions.status, interactions.headers.get('content-type'), await interactions.json()]).toEqual([
      200,
      'application/json',
      { type: 1 },
    ]);
    const events = await post({ version: 1, application_id: application.id, type: 0 });
    expect([events.status, await events.text()]).toEqual([204, '']);
    const unsigned = new Request(url, { method: 'POST', body: '{"type":1}' });
    expect((await board.webhooks.receive('discord', unsigned)).status).toBe(401);
  });

  test('a command reaches the organization of its server, and the handler answers it', async () => {
    const { post, board, answerTokensWith, authorize } = rig();
    answerTokensWith({ guild: { id: command.guild_id, name: 'Discord Testers' } });
    await authorize('oauth', ['identify', 'bot']);
    const heard: unknown[] = [];
    board.on('discord', 'interaction.command', ({ token }, context) => {
      heard.push([context.organizationId, token]);
      return jsonReply({ type: 4, data: { content: 'On its way.', flags: 64 } });
    });
    const answer = await post(command);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { type: 4, data: { content: 'On its way.', flags: 64 } },
    ]);
    expect((await post(command)).status).toBe(202);
    expect(heard).toEqual([[organizationId, 'aW50']]);
  });

  test('a command reaches the bot of an organization by its application, and no other application', async () => {
    const { post, board, connectBot } = rig();
    await connectBot();
    const heard: unknown[] = [];
    board.on('discord', '*', (_data, { accountId, type }) => void heard.push([type, accountId]));
    expect((await post(command, { organizationId })).status).toBe(202);
    expect((await post({ ...command, id: '2', application_id: '1' }, { organizationId })).status).toBe(403);
    const direct = { ...command, id: '3', type: 5, guild_id: undefined, user: { id: '80351110224678912' } };
    expect((await post(direct)).status).toBe(202);
    expect(heard).toEqual([
      ['interaction.command', '197038439483310086'],
      ['interaction.modal', '80351110224678912'],
    ]);
  });

  test('a user who takes the app back ends the grant of that user, never the bot', async () => {
    const { post, board, connectBot, authorize } = rig();
    await connectBot();
    const event = (type: string, user: string) => ({
      version: 1,
      application_id: application.id,
      type: 1,
      event: { type, timestamp: '2026-01-01T00:00:00.000000Z', data: { user: { id: user }, scopes: [] } },
    });
    expect((await post(event('APPLICATION_DEAUTHORIZED', '53908099506183680'))).status).toBe(204);
    expect((await board.connections.get('discord', { organizationId }))?.status).toBe('active');
    const label = 'user';
    await authorize('oauth', undefined, label);
    const statusOf = async () => (await board.connections.get('discord', { organizationId, label }))?.status;
    expect((await post(event('APPLICATION_DEAUTHORIZED', '80351110224678912'))).status).toBe(204);
    expect(await statusOf()).toBe('active');
    // Another body: the same one twice is one delivery.
    expect((await post({ ...event('APPLICATION_DEAUTHORIZED', '53908099506183680'), again: true })).status).toBe(204);
    expect(await statusOf()).toBe('disconnected');
    expect((await board.connections.get('discord', { organizationId }))?.status).toBe('active');
  });

  test(
    'R54 our verdict equals that of the vendor over 10,000 mutations, but for old and odd times',
    { timeout: 30_000 },
    async () => {
      const { verify, sign } = discord.definition.webhooks!;
      // Nobody but the vendor signs for another key: a signature for it is one of other bytes.
      const signer: typeof sign = async (delivery, secret) =>
        secret === publicKey ? sign(delivery, secret) : sign({ ...delivery, body: `${delivery.body}x` }, publicKey);
      const result = await agreesWithVerifier(
        { verify, sign: signer },
        {
          secret: publicKey,
          accepts: ({ body, headers }) => {
            const { 'x-signature-ed25519': signature = '', 'x-signature-timestamp': timestamp = '' } = headers;
            return verifyKey(body, signature, timestamp, publicKey);
          },
          stricter: ({ signedAt, receivedAt, headers }) => {
            if (Math.abs(receivedAt - signedAt) > 300_000) return 'a time more than five minutes away';
            return /[A-F]/.test(headers['x-signature-ed25519'] ?? '') ? 'a signature in upper case' : undefined;
          },
        },
      );
      expect(Object.keys(result.stricter).toSorted()).toEqual([
        'a signature in upper case',
        'a time more than five minutes away',
      ]);
    },
  );
});

test('the channels to choose from are those for text, of each server', async () => {
  const { board, connectBot } = rig();
  await connectBot();
  expect(await board.settings.choices('discord', { organizationId, field: 'channel' })).toEqual([
    { value: '155101607195836416', label: '#general (Discord Testers)' },
  ]);
});

test('a rate limit is waited for as long as its fraction of seconds says', async () => {
  const { board, vendor, connectBot, clock, sent } = rig();
  await connectBot();
  sent.length = 0;
  vendor.failNext({
    status: 429,
    json: { message: 'You are being rate limited.', retry_after: 0.65, global: false },
  });
  const reading = board.client('discord', { organizationId }).users.me();
  await clock.advance(600);
  expect(sent).toHaveLength(1);
  await clock.advance(500);
  await reading;
  expect(sent).toHaveLength(2);
});
