import { reveal } from '@plugboard/core';
import type { SentRequest } from '@plugboard/testing';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';

import { createGoogleRig, organizationId, target, textLike } from '../../../google/test/rig.ts';
import { gmail } from '../src/index.ts';
import { scopes } from '../src/schemas.ts';

const push = {
  pubsubTopic: 'projects/demo-project/topics/mail',
  pubsubSubscription: 'projects/demo-project/subscriptions/mail-push',
  pubsubServiceAccount: 'push@demo-project.iam.gserviceaccount.com',
};
const createRig = (app: Readonly<Record<string, string>> = push) => createGoogleRig(gmail, app);
const mailOf = ({ text }: SentRequest) =>
  Buffer.from((JSON.parse(text) as { raw: string }).raw, 'base64url').toString('latin1');

test('a mail is sent as the bytes that it is, in its thread', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const receipt = await client().messages.send({
    to: 'b@example.com',
    from: 'a@example.com',
    subject: 'Hi',
    text: 'Hello',
    threadId: 'thread-1',
  });
  expect(receipt).toMatchObject({ id: '18c1f0a2b3d4e5f6' });
  expect(sent[0]!.json).toEqual({
    raw: 'RnJvbTogYUBleGFtcGxlLmNvbQ0KVG86IGJAZXhhbXBsZS5jb20NClN1YmplY3Q6IEhpDQoNCkhlbGxv',
    threadId: 'thread-1',
  });
});

test('a large mail goes the way for large ones, with all its bytes', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const content = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 256);
  await client().messages.send({
    to: 'b@example.com',
    subject: 'Hi',
    text: 'Hello',
    threadId: 'thread-1',
    attachments: [{ filename: 'a.bin', content }],
  });
  const { url, headers, text } = sent[0]!;
  expect(url.pathname + url.search).toBe('/upload/gmail/v1/users/me/messages/send?uploadType=multipart');
  const boundary = /^multipart\/related; boundary=(\w+)$/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = text.split(`--${boundary}`);
  expect(parts.length).toBe(4);
  expect(parts[0] + parts[3]!).toBe('--');
  expect(parts[1]).toBe('\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{"threadId":"thread-1"}\r\n');
  const [, mail] = parts[2]!.split('Content-Type: message/rfc822\r\n\r\n');
  const found = await PostalMime.parse(mail!);
  expect(Buffer.from(found.attachments[0]!.content as ArrayBuffer).equals(Buffer.from(content))).toBe(true);
});

test('a lost answer to a send is for the caller to judge: nothing is sent twice', async () => {
  const { client, connect, answer, sent, settle } = createRig();
  await connect();
  answer(() => new Response('<html>', { status: 502 }));
  const lost = settle(client().messages.send({ to: 'b@example.com', subject: 'Hi', text: 'Hello' }));
  await expect(lost).rejects.toMatchObject({ kind: 'unavailable', retryable: false });
  expect(sent.length).toBe(1);
});

test('an answer goes to the writer, in the thread, and names what it answers', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  const headers = Object.entries({
    'Message-Id': '<2@example.com>',
    References: '<0@example.com>\r\n <1@example.com>',
    Subject: 'Re: Größe',
    From: '"Doe, Jane" <jane@example.com>',
    To: 'user@example.com, "Roe, Max" <max@example.com>',
    Cc: 'last@example.com',
  }).map(([name, value]) => ({ name, value }));
  answer(({ method }) =>
    method === 'GET' ? Response.json({ id: 'm2', threadId: 'thread-1', payload: { headers } }) : undefined,
  );
  await client().messages.reply({ messageId: 'm2', text: 'Fine.' });
  expect(Object.fromEntries(sent[0]!.url.searchParams)).toMatchObject({ format: 'metadata' });
  expect(sent[1]!.json).toMatchObject({ threadId: 'thread-1' });
  const written = await PostalMime.parse(mailOf(sent[1]!));
  expect(written).toMatchObject({ subject: 'Re: Größe', inReplyTo: '<2@example.com>' });
  expect(written.references?.split(/\s+/)).toEqual(['<0@example.com>', '<1@example.com>', '<2@example.com>']);
  expect(written.to).toMatchObject([{ name: 'Doe, Jane', address: 'jane@example.com' }]);
  expect(written.cc).toBeUndefined();

  await client().messages.reply({ messageId: 'm2', text: 'Fine.', toAll: true });
  const toAll = await PostalMime.parse(mailOf(sent[3]!));
  expect(toAll.cc?.map(({ address }) => address)).toEqual(['max@example.com', 'last@example.com']);
});

test('a mail without text and html is refused, and so is a line break, before anything is sent', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const bare = client().messages.send({ to: 'b@example.com', subject: 'Hi' });
  await expect(bare).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'text' }] });
  const split = client().messages.send({ to: 'b@example.com', subject: 'Hi\r\nBcc: evil@example.com', text: 'x' });
  await expect(split).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'subject' }] });
  expect(sent).toEqual([]);
});

test('a mailbox that may only send is known, healthy, and asks for no more', async () => {
  const { authorize, board, sent } = createRig();
  expect(await authorize()).toMatchObject({ status: 'connected', missingScopes: [] });
  expect(await board.connections.get('gmail', target)).toMatchObject({ account: { id: '110169484474386276334' } });
  sent.length = 0;
  expect(await board.health('gmail', target)).toMatchObject({ status: 'healthy' });
  expect(sent.map(({ url }) => url.pathname)).toEqual(['/oauth2/v2/userinfo']);
});

test.each([
  [[scopes.modify], '/gmail/v1/users/me/profile'],
  [[scopes.compose], '/gmail/v1/users/me/profile'],
  [[scopes.labels], '/oauth2/v2/userinfo'],
])('health with %j asks what is allowed', async (granted, path) => {
  const { board, connect, sent } = createRig();
  await connect(['openid', 'email', ...granted]);
  expect(await board.health('gmail', target)).toMatchObject({ status: 'healthy' });
  expect(sent.map(({ url }) => url.pathname)).toEqual([path]);
});

test('an attachment is its bytes', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  answer(() => Response.json({ size: 4, data: '-_8AAQ' }));
  const { content } = await client().attachments.get({ messageId: 'm1', id: 'a1' });
  expect([...content]).toEqual([251, 255, 0, 1]);
});

test('the label of the settings serves where a list names none', async () => {
  const { board, client, connect, sent } = createRig();
  await connect();
  await board.settings.update('gmail', { ...target, settings: { labelId: 'Label_1' } });
  await client().messages.list({});
  await client().messages.list({ labelIds: ['INBOX', 'UNREAD'], q: 'from:a' });
  expect(sent.map(({ url }) => url.search)).toEqual([
    '?labelIds=Label_1',
    '?q=from%3Aa&labelIds=INBOX&labelIds=UNREAD',
  ]);
});

test('the history is read to its end, whose point is the one for the next time', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  answer(({ url }) =>
    url.searchParams.has('pageToken')
      ? Response.json({ historyId: '12' })
      : Response.json({ history: [{ id: '11' }], historyId: '12', nextPageToken: 'p' }),
  );
  expect(await client().history.read({ startHistoryId: '10' })).toEqual({ items: [{ id: '11' }], historyId: '12' });
});

test.each([
  ['at once', false],
  ['midway', true],
])(
  'a point that is too old, as the vendor says %s, is no end: the mailbox has to be read anew',
  async (_when, midway) => {
    const { client, connect, answer, sent } = createRig();
    await connect();
    answer(({ url }) =>
      midway && !url.searchParams.has('pageToken')
        ? Response.json({ history: [{ id: '11' }], historyId: '12', nextPageToken: 'p' })
        : Response.json({ error: { code: 404, errors: [{ reason: 'notFound' }] } }, { status: 404 }),
    );
    await expect(client().history.read({ startHistoryId: '1' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'full_sync_required',
      retryable: false,
      hint: textLike(/`profile\.get`/),
    });
    expect(sent.map(({ url }) => url.pathname)).toEqual(Array(midway ? 2 : 1).fill('/gmail/v1/users/me/history'));
  },
);

test('another refusal of the history stays what it is', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  answer(() =>
    Response.json({ error: { code: 403, errors: [{ reason: 'insufficientPermissions' }] } }, { status: 403 }),
  );
  const refused = client().history.read({ startHistoryId: '1' });
  await expect(refused).rejects.toMatchObject({ kind: 'permission', code: 'insufficient_permissions' });
});

test('calls of all prices draw on the units of one minute', async () => {
  const { client, connect } = createRig();
  await connect();
  // 100 units each, of 6,000.
  for (let count = 0; count < 59; count++) await client().messages.sendRaw({ raw: 'SGVsbG8h' });
  for (let count = 0; count < 4; count++) await client().messages.get({ id: 'm1' });
  const left = { deadlineMs: 1000 };
  await expect(client().threads.get({ id: 't1' }, left)).rejects.toMatchObject({ code: 'limit_reached' });
  await client().labels.list({}, left);
});

test('a mailbox is watched through the topic, prolonged before its week ends, and left alone in the end', async () => {
  const { board, clock, connect, answer, sent } = createRig();
  await connect();
  answer(({ url }) =>
    url.pathname.endsWith('/watch')
      ? Response.json({ historyId: '1', expiration: String(clock.now() + 604_800_000) })
      : undefined,
  );
  const channel = await board.channels.open('gmail', { ...target, params: { labelIds: ['INBOX'] } });
  expect(sent[0]!.json).toEqual({ topicName: push.pubsubTopic, labelIds: ['INBOX'] });
  await clock.advance(6 * 86_400_000);
  await board.jobs.find(({ name }) => name === 'channels')!.run();
  expect(sent.filter(({ url }) => url.pathname.endsWith('/watch')).length).toBe(2);
  expect((await board.channels.list('gmail', target)).map(({ id }) => id)).toEqual([channel.id]);
  await board.channels.close('gmail', { ...target, id: channel.id });
  expect(sent.at(-1)?.url.pathname).toBe('/gmail/v1/users/me/stop');
});

test('a push reaches the mailbox that it names, once, and no other', async () => {
  const { board, clock, connect, vendor } = createRig();
  await connect();
  const url = 'https://app.example.com/integrations/webhooks/gmail';
  const secret = `${push.pubsubServiceAccount} ${push.pubsubSubscription} `;
  const heard: unknown[] = [];
  board.on('gmail', 'mailbox.changed', (data, context) => void heard.push([data, context.organizationId]));
  const deliver = async (emailAddress: string, historyId: unknown, id = '1') => {
    const data = Buffer.from(JSON.stringify({ emailAddress, historyId })).toString('base64');
    const body = { message: { data, messageId: id }, subscription: push.pubsubSubscription };
    const request = await vendor.webhook(body, secret, { url });
    return (await board.webhooks.receive('gmail', request)).status;
  };
  clock.set(Date.UTC(2026, 10, 20));
  expect(await deliver('User@Example.com', 9_876_543_210)).toBe(200);
  expect(await deliver('User@Example.com', 9_876_543_210)).toBe(200);
  expect(await deliver('other@example.com', '1', '2')).toBe(200);
  expect(heard).toEqual([[{ emailAddress: 'User@Example.com', historyId: '9876543210' }, organizationId]]);
  const unsigned = new Request(url, { method: 'POST', body: '{}' });
  expect((await board.webhooks.receive('gmail', unsigned)).status).toBe(401);
});

test('without a topic there is nothing to watch with, and without a subscription nobody to believe', async () => {
  const { board, connect, sent } = createRig({});
  await connect();
  await expect(board.channels.open('gmail', target)).rejects.toMatchObject({ code: 'push_not_configured' });
  expect(sent).toEqual([]);
  const request = new Request('https://app.example.com/integrations/webhooks/gmail', { method: 'POST', body: '{}' });
  expect((await board.webhooks.receive('gmail', request)).status).toBe(503);
});

test('the stub’s key file is of nobody', () => {
  const { serviceAccount } = gmail.definition.auth;
  expect(reveal(serviceAccount.example['keyFile'] ?? '')).toContain('demo-project');
});
