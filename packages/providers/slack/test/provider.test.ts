import type { Json } from '@plugboard/core';
import { agreesWithVerifier, conformance, createTestBoard, findCanaries, providerContract } from '@plugboard/testing';
import { isValidSlackRequest } from '@slack/bolt';
import { expect, test } from 'vitest';

import { slack } from '../src/index.ts';

providerContract(slack, {
  accounts: {
    oauth: { id: 'T0G9PQBBK', name: 'Subarachnoid Workspace' },
    botToken: { id: 'T0G9PQBBK', name: 'Subarachnoid Workspace' },
  },
  settings: { channel: 'C123ABC456' },
  exceptions: {
    'account webhook: credentials that the vendor refuses are refused, and nothing is stored':
      'The URL of a webhook cannot be checked without posting.',
    'stub: without any key every operation works, is marked, and nothing leaves':
      'The stub is a bot, and a bot token has no webhook.',
  },
});

conformance(slack.definition, {
  exceptions: {
    'auth.test': 'The vendor takes GET and POST; its description of 2021 lists GET alone.',
    'chat.delete': 'The description of 2021 calls `ts` a number; it is a text that no number can hold.',
    'chat.schedule': 'The description of 2021 calls `post_at` a string; the documentation shows a Unix time.',
    'files.getUploadUrl': 'Newer than the description of 2021.',
    'files.completeUpload': 'Newer than the description of 2021.',
    'webhook.send': 'Incoming webhooks are not part of the description.',
  },
  parameters: { token: 'Sent as the Authorization header.' },
  api: { credentials: () => ({ webhookUrl: 'https://hooks.slack.com/services/T/B/x' }) as never },
});

const organizationId = 'org-1';
const channels = { channel: 'C1', routes: { 'order.created': 'C2' }, types: ['order.created', 'order.paid'] };

const rig = () =>
  createTestBoard(slack({ clientId: 'client', clientSecret: 'client-secret', signingSecret: 'signing-secret' }));

const botToken = { accessToken: 'xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy' };
const webhookUrl = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';

test('notifications go to the channel of their type, then to the default, and types that are off go nowhere', async () => {
  const { board, sent, clock } = rig();
  await board.connect('slack', { organizationId, method: 'botToken', credentials: botToken });
  await board.settings.update('slack', { organizationId, settings: channels });
  const { notify } = board.client('slack', { organizationId });
  sent.length = 0;
  expect(await notify.send({ type: 'order.created', text: 'New <order> & more', title: 'Order' })).toMatchObject({
    status: 'posted',
  });
  // One message a second is what the vendor takes, and what the client keeps to.
  await clock.advance(2_000);
  await notify.send({ type: 'order.paid', text: 'Paid' });
  await clock.advance(2_000);
  await notify.send({ text: 'Plain', to: 'C9' });
  expect(await notify.send({ type: 'other', text: 'Off' })).toEqual({ id: '', status: 'muted' });
  expect(sent.map(({ json }) => json)).toEqual([
    { channel: 'C2', text: '*Order*\nNew &lt;order&gt; &amp; more' },
    { channel: 'C1', text: 'Paid' },
    { channel: 'C9', text: 'Plain' },
  ]);
});

test('B05 a webhook is posted to without any token, and its URL never shows in an error', async () => {
  const { board, sent, vendor, clock } = rig();
  await board.connect('slack', { organizationId, method: 'webhook', credentials: { webhookUrl } });
  const client = board.client('slack', { organizationId });
  await client.notify.send({ text: 'Hello' });
  const { url, headers, text } = sent.at(-1)!;
  expect([url.href, headers.get('authorization'), text]).toEqual([webhookUrl, null, '{"text":"Hello"}']);
  await clock.advance(2_000);
  vendor.failNext({ status: 404, text: 'no_service' });
  const error: unknown = await client.notify.send({ text: 'Hello' }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ kind: 'auth', code: 'no_service' });
  expect(findCanaries(error, { path: 'B00000000/XXXXXXXXXXXXXXXXXXXXXXXX' })).toEqual([]);
  expect(await board.health('slack', { organizationId })).toMatchObject({ status: 'unknown', reason: 'not_checkable' });
});

test('B05 the path of a webhook is put on nothing but its own host', async () => {
  const { board, sent } = rig();
  await board.connect('slack', { organizationId, method: 'webhook', credentials: { webhookUrl } });
  const client = board.client('slack', { organizationId });
  await expect(client.chat.post({ channel: 'C1', text: 'Hello' })).rejects.toMatchObject({ kind: 'permission' });
  await expect(client.auth.test()).rejects.toMatchObject({ kind: 'permission' });
  expect(sent).toEqual([]);
});

test('a URL of another host is no webhook', async () => {
  const { board, sent } = rig();
  for (const bad of [
    'https://evil.example/services/T0/B0/x',
    'http://hooks.slack.com/services/T0/B0/x',
    `${webhookUrl}/../../x`,
    'https://hooks.slack.com@evil.example/services/T0/B0/x',
  ]) {
    await expect(
      board.connect('slack', { organizationId, method: 'webhook', credentials: { webhookUrl: bad } }),
    ).rejects.toMatchObject({ fields: [{ path: 'webhookUrl' }] });
  }
  expect(sent).toHaveLength(0);
});

test('a direct message is listed although it has no name, and a list ends with an empty cursor', async () => {
  const { board, vendor } = rig();
  await board.connect('slack', { organizationId, method: 'botToken', credentials: botToken });
  const direct = { id: 'D069C7QFK', is_im: true, user: 'W1234567890' };
  vendor.failNext({ status: 200, json: { ok: true, channels: [direct], response_metadata: { next_cursor: '' } } });
  const found: unknown[] = [];
  for await (const channel of board.client('slack', { organizationId }).channels.list({ types: ['im'] })) {
    found.push(channel);
  }
  expect(found).toEqual([direct]);
});

test('the handshake of events is answered once it is verified', async () => {
  const { board } = rig();
  const post = async (body: string, secret = 'signing-secret') => {
    const url = 'https://app.example.com/integrations/webhooks/slack';
    const headers = await slack.definition.webhooks!.sign({ body, url, at: new Date(Date.UTC(2026, 0, 1)) }, secret);
    return board.webhooks.receive('slack', new Request(url, { method: 'POST', body, headers }));
  };
  const handshake = (challenge: string) => JSON.stringify({ type: 'url_verification', token: 'x', challenge });
  const answer = await post(handshake('3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P'));
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    'text/plain',
    '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
  ]);
  expect((await post(handshake('<script>alert(1)</script>'))).status).toBe(400);
  expect((await post(handshake('x'.repeat(10_000)))).status).toBe(400);
  expect((await post(handshake('x'), 'another')).status).toBe(401);
});

test('R54 our verdict equals that of the vendor, but for times in the future', async () => {
  const { stricter } = await agreesWithVerifier(slack.definition.webhooks!, {
    secret: 'signing-secret',
    bodies: ['token=1&text=', 'token=2&text=%C3%A9', '{"type":"event_callback","text":"é"}', ''],
    accepts: ({ body, headers, receivedAt }) =>
      isValidSlackRequest({
        signingSecret: 'signing-secret',
        body,
        headers: {
          'x-slack-signature': headers['x-slack-signature'] ?? '',
          'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp'] ?? Number.NaN),
        },
        nowMilliseconds: receivedAt,
      }),
    // The vendor's helper lets times in the future pass; five minutes hold both ways here.
    stricter: ({ signedAt, receivedAt }) =>
      signedAt - receivedAt > 300_000 ? 'a time more than five minutes ahead' : undefined,
  });
  expect(Object.keys(stricter)).toEqual(['a time more than five minutes ahead']);
});

test('a revocation of user tokens alone leaves the bot connected', () => {
  const { ends } = slack.definition.webhooks as { ends: (event: { type: string; data: Json }) => boolean };
  expect(ends({ type: 'tokens_revoked', data: { tokens: { oauth: ['U1'], bot: [] } } })).toBe(false);
  expect(ends({ type: 'tokens_revoked', data: { tokens: { bot: ['B1'] } } })).toBe(true);
  expect(ends({ type: 'app_uninstalled', data: {} })).toBe(true);
  expect(ends({ type: 'message', data: {} })).toBe(false);
});
