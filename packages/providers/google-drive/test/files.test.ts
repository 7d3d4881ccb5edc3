import { exampleKeyFile } from '@plugboard/google';
import type { SentRequest } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { createGoogleRig, target, textLike } from '../../../google/test/rig.ts';
import { googleDrive, quote } from '../src/index.ts';
import { scopes } from '../src/schemas.ts';

const createRig = () => createGoogleRig(googleDrive);
const ranges = (sent: readonly SentRequest[]) =>
  sent.filter(({ method }) => method === 'PUT').map(({ headers }) => headers.get('content-range'));

test('texts of a search cannot change it', async () => {
  expect(`name = ${quote("O'Neil \\ co")}`).toBe("name = 'O\\'Neil \\\\ co'");
  const { client, connect, sent } = createRig();
  await connect();
  await client().drive.list({
    folderId: 'folder-1',
    name: "x' or trashed = true or name = '",
    nameContains: 'b\\',
    fullText: "it's",
    mimeType: 'text/plain',
    modifiedAfter: '2026-01-01T00:00:00Z',
    appProperties: { "k'": 'v' },
    q: 'starred = true or sharedWithMe = true',
  });
  expect(sent[0]?.url.searchParams.get('q')).toBe(
    "'folder-1' in parents and name = 'x\\' or trashed = true or name = \\'' and name contains 'b\\\\' and " +
      "fullText contains 'it\\'s' and mimeType = 'text/plain' and modifiedTime > '2026-01-01T00:00:00Z' and " +
      "appProperties has { key='k\\'' and value='v' } and trashed = false and (starred = true or sharedWithMe = true)",
  );
});

test('a search says how many, what of each, and that shared drives count; the settings say where new files go', async () => {
  const { board, client, connect, sent } = createRig();
  await connect();
  await board.settings.update('google-drive', { ...target, settings: { folderId: 'folder-1' } });
  await client().drive.list({ trashed: true, fields: 'id' });
  expect(Object.fromEntries(sent[0]!.url.searchParams)).toEqual({
    q: 'trashed = true',
    pageSize: '100',
    supportsAllDrives: 'true',
    includeItemsFromAllDrives: 'true',
    fields: 'nextPageToken,incompleteSearch,files(id)',
  });
  await client().drive.create({ name: 'Reports', mimeType: 'application/vnd.google-apps.folder' });
  expect(sent[1]!.json).toMatchObject({ parents: ['folder-1'] });
});

test.each(['trash', 'generateIds', '../about', 'a/b', ''])('%j is the id of no file', async (fileId) => {
  const { client, connect, sent } = createRig();
  await connect();
  await expect(client().drive.delete({ fileId })).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent).toEqual([]);
});

test('an upload is sent in pieces of the size that the vendor wants', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const data = new Uint8Array(600_000).fill(65);
  const file = await client().drive.upload({ name: 'a.txt', data, contentType: 'text/plain', pieceBytes: 262_144 });
  expect(file).toMatchObject({ name: 'a.txt', size: '600000' });
  expect(sent[0]?.url.search).toContain('uploadType=resumable');
  expect(sent[0]?.headers.get('x-upload-content-length')).toBe('600000');
  expect(sent[0]?.headers.get('x-upload-content-type')).toBe('text/plain');
  expect(ranges(sent)).toEqual(['bytes 0-262143/600000', 'bytes 262144-524287/600000', 'bytes 524288-599999/600000']);
});

test('an iterable of unknown length is sent like any other, and its bytes come back', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  async function* source() {
    for (const size of [100_000, 200_000, 0, 250_000])
      yield await Promise.resolve(new Uint8Array(size).fill(size % 251));
  }
  const { id } = await client().drive.upload({ name: 'b', data: source(), pieceBytes: 262_144 });
  expect(ranges(sent)).toEqual(['bytes 0-262143/*', 'bytes 262144-524287/*', 'bytes 524288-549999/550000']);
  expect(sent[0]?.headers.has('x-upload-content-length')).toBe(false);
  const { body } = await client().drive.download({ fileId: id });
  let count = 0;
  for await (const chunk of body) count += chunk.length;
  expect(count).toBeGreaterThan(0);
  await expect(client().drive.upload({ name: 'c', data: source(), size: 7 })).rejects.toMatchObject({
    fields: [{ path: 'size', message: textLike(/550000 bytes came/) }],
  });
});

test('a content without any byte is a file all the same', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  expect(await client().drive.upload({ name: 'empty', data: '' })).toMatchObject({ name: 'empty', size: '0' });
  expect(ranges(sent)).toEqual(['bytes */0']);
});

test('after a failed piece the upload asks what has arrived and goes on from there', async () => {
  const { client, connect, answer, sent, settle } = createRig();
  await connect();
  let puts = 0;
  answer(({ method }) => {
    if (method !== 'PUT') return undefined;
    puts++;
    // The second piece is lost on the way; half of it had arrived.
    if (puts === 2) return Response.json({}, { status: 503 });
    if (puts === 3) return goOn('bytes=0-399999');
    if (puts === 4) return goOn('bytes=0-524287');
    return puts === 1 ? goOn('bytes=0-262143') : Response.json({ id: 'file-1', name: 'a' });
  });
  const upload = client().drive.upload({ name: 'a', data: new Uint8Array(600_000), pieceBytes: 262_144 });
  expect(await settle(upload)).toEqual({ id: 'file-1', name: 'a' });
  expect(ranges(sent)).toEqual([
    'bytes 0-262143/600000',
    'bytes 262144-524287/600000',
    'bytes */600000',
    'bytes 400000-524287/600000',
    'bytes 524288-599999/600000',
  ]);
  const bodies = sent.filter(({ method }) => method === 'PUT').map(({ bytes }) => bytes.length);
  expect(bodies).toEqual([262_144, 262_144, 0, 124_288, 75_712]);
});

const goOn = (range?: string) =>
  new Response(null, { headers: { 'x-http-status-code-override': '308', ...(range && { range }) } });

test('a session of which nothing has arrived begins at the first byte again', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  let puts = 0;
  answer(({ method }) => {
    if (method !== 'PUT') return undefined;
    return ++puts === 1 ? goOn() : Response.json({ id: 'file-1' });
  });
  await client().drive.upload({ name: 'a', data: 'Hello' });
  expect(ranges(sent)).toEqual(['bytes 0-4/5', 'bytes 0-4/5']);
});

test.each<[string, () => Response, string]>([
  ['a session that is gone', () => new Response(null, { status: 404 }), 'upload_expired'],
  ['a vendor that takes nothing any more', () => goOn(), 'upload_stuck'],
  ['a vendor that claims more than was sent', () => goOn('bytes=0-99'), 'upload_stuck'],
  ['a refusal', () => Response.json({}, { status: 403 }), 'forbidden'],
])('%s ends the upload', async (_what, refuse, code) => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  answer(({ method }) => (method === 'PUT' ? refuse() : undefined));
  await expect(client().drive.upload({ name: 'a', data: 'Hello' })).rejects.toMatchObject({ code });
  expect(ranges(sent).length).toBeLessThan(8);
});

test('a vendor that stays down ends the upload after some tries', async () => {
  const { client, connect, answer, sent, settle } = createRig();
  await connect();
  answer(({ method }) => (method === 'PUT' ? new Response(null, { status: 503 }) : undefined));
  const upload = settle(client().drive.upload({ name: 'a', data: 'Hello' }));
  await expect(upload).rejects.toMatchObject({ kind: 'unavailable' });
  expect(ranges(sent).length).toBe(6);
});

test('the address of a session leads nowhere else, whatever the vendor says', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  for (const location of [
    'https://evil.example/upload/drive/v3/files?upload_id=1',
    'https://oauth2.googleapis.com/token',
  ]) {
    answer(({ method }) => (method === 'POST' ? new Response(null, { headers: { location } }) : undefined));
    await expect(client().drive.upload({ name: 'a', data: 'Hello' })).rejects.toMatchObject({
      kind: 'invalid_response',
    });
  }
  expect(ranges(sent)).toEqual([]);
});

test('a file under an id of its own is made once', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const { ids } = await client().drive.generateIds({ count: 1 });
  const id = ids[0]!;
  expect(await client().drive.ensure({ id, name: 'Once' })).toMatchObject({ id, name: 'Once' });
  expect(await client().drive.ensure({ id, name: 'Once' })).toMatchObject({ id, name: 'Once' });
  expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET']);
});

test('a range is downloaded as a range, and a document of Google’s own is exported', async () => {
  const { client, connect, answer, sent } = createRig();
  await connect();
  answer(() => new Response('lo', { status: 206, headers: { 'content-type': 'text/plain', 'content-length': '2' } }));
  const content = await client().drive.download({ fileId: 'file-1', range: { first: 3, last: 4 } });
  expect(content).toMatchObject({ contentType: 'text/plain', size: 2 });
  expect(sent[0]?.headers.get('range')).toBe('bytes=3-4');
  expect(sent[0]?.url.searchParams.get('alt')).toBe('media');
  await client().drive.export({ fileId: 'file-1', mimeType: 'application/pdf' });
  expect(sent[1]?.url.pathname).toBe('/drive/v3/files/file-1/export');
  expect(sent[1]?.url.search).toBe('?mimeType=application%2Fpdf');
});

const ada = { type: 'user', emailAddress: 'ada@example.com' } as const;

test.each<object>([
  { type: 'user' },
  { type: 'anyone', emailAddress: 'a@b.example' },
  { type: 'domain' },
  { type: 'anyone', expirationTime: '2027-01-01T00:00:00Z' },
  { type: 'domain', domain: 'example.com', sendNotificationEmail: false },
  { ...ada, role: 'owner', sendNotificationEmail: false },
  { ...ada, type: 'group', role: 'owner' },
])('sharing with %j is refused before anything is sent', async (whom) => {
  const { client, connect, sent } = createRig();
  await connect();
  const input = { fileId: 'file-1', role: 'reader' as const, type: 'user' as const, ...whom };
  await expect(client().permissions.create(input)).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent).toEqual([]);
});

test.each([
  ['somebody', { ...ada, role: 'writer' }, { sendNotificationEmail: 'false' }],
  ['somebody who is told', { ...ada, role: 'writer', sendNotificationEmail: true }, { sendNotificationEmail: 'true' }],
  // Of others the vendor takes no such parameter.
  ['everybody', { type: 'anyone', role: 'reader' }, {}],
  ['a new owner', { ...ada, role: 'owner' }, { sendNotificationEmail: 'true', transferOwnership: 'true' }],
] as const)('a share with %s sends no mail unasked, and says what it must', async (_whom, whom, query) => {
  const { client, connect, sent } = createRig();
  await connect();
  await client().permissions.create({ fileId: 'file-1', ...whom });
  expect(Object.fromEntries(sent[0]!.url.searchParams)).toEqual({ supportsAllDrives: 'true', ...query });
});

test('changes are read to the last page, whose token is the one for the next time', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  answer(({ url }) =>
    url.searchParams.get('pageToken') === '1'
      ? Response.json({ changes: [{ changeType: 'file', fileId: 'a' }], nextPageToken: '2' })
      : Response.json({ changes: [{ changeType: 'file', fileId: 'b', removed: true }], newStartPageToken: '3' }),
  );
  expect(await client().changes.read({ pageToken: '1' })).toEqual({
    items: [
      { changeType: 'file', fileId: 'a' },
      { changeType: 'file', fileId: 'b', removed: true },
    ],
    pageToken: '3',
  });
});

test.each([
  [{}, '/drive/v3/changes/watch', 604_800_000],
  [{ fileId: 'file-1' }, '/drive/v3/files/file-1/watch', 86_400_000],
])('a channel for %j lives as long as the vendor allows', async (params, path, lifeMs) => {
  const { board, clock, connect, sent } = createRig();
  await connect();
  await board.channels.open('google-drive', { ...target, params });
  const { url, json } = sent.at(-1)!;
  expect(url.pathname).toBe(path);
  expect(json).toMatchObject({ type: 'web_hook', expiration: String(clock.now() + lifeMs) });
});

test('only the app’s own files are asked for by default', async () => {
  const { url } = await createRig().begin();
  expect(url.searchParams.get('scope')).toBe(`openid email ${scopes.file}`);
});

test('a service account of the platform serves by its option alone: a name in the environment is meant for another one', async () => {
  const env = { GOOGLE_SERVICE_ACCOUNT_JSON: exampleKeyFile };
  const { client } = createGoogleRig(googleDrive, {}, { env });
  await expect(client().drive.list({})).rejects.toMatchObject({ code: 'not_connected' });
  const { board, sent } = createGoogleRig(googleDrive, {}, { platform: { keyFile: exampleKeyFile } });
  await board.client('google-drive').drive.list({});
  expect(sent.map(({ url }) => url.pathname)).toEqual(['/token', '/drive/v3/files']);
});
