import { makeDsn, parseEnvelope, serializeEnvelope } from '@sentry/core';
import { describe, expect, test } from 'vitest';

import { parseDsn } from '../src/access.ts';
import { writeEnvelope } from '../src/envelopes.ts';
import { authToken, dsn, key, organizationId, rig, slug } from './rig.ts';

describe('a DSN', () => {
  test.each([
    dsn,
    `https://${key}@o42.ingest.sentry.io/4507`,
    `https://${key}:0123abc@sentry.example.com/1`,
    `https://${key}@sentry.example.com:8443/errors/of/us/1`,
    `http://${key}@localhost:8000/1`,
  ])('%s is read as the official SDK reads it', (text) => {
    const theirs = makeDsn(text)!;
    const { protocol, publicKey, host, path, projectId } = parseDsn(text);
    expect({ protocol, publicKey, host, path, projectId }).toEqual({
      protocol: theirs.protocol,
      publicKey: theirs.publicKey,
      host: theirs.port === '' ? theirs.host : `${theirs.host}:${theirs.port}`,
      path: theirs.path === '' ? '' : `/${theirs.path}`,
      projectId: theirs.projectId,
    });
  });

  test.each([
    ['no key', 'https://o42.ingest.sentry.io/4507'],
    ['no project', `https://${key}@o42.ingest.sentry.io/`],
    ['a project that is no number', `https://${key}@o42.ingest.sentry.io/shop`],
    // The SDK takes the digits that it begins with, and the last segment of what looks like a path.
    ['more than digits', `https://${key}@o42.ingest.sentry.io/4507abc`],
    ['a query', `https://${key}@o42.ingest.sentry.io/4507?x=1`],
    ['a way up', `https://${key}@sentry.example.com/../1`],
    ['another scheme', `ftp://${key}@o42.ingest.sentry.io/4507`],
    ['an address', `https://${key}@169.254.169.254/1`],
    ['a second host', `https://${key}@evil.example@o42.ingest.sentry.io/1`],
    ['capitals', `https://${key}@O42.ingest.sentry.io/1`],
  ])('with %s is refused by name, without being quoted, and nothing is sent', async (_what, bad) => {
    const { connect, sent } = rig();
    const refusal = await connect({ dsn: bad }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ kind: 'invalid_request', fields: [{ path: 'dsn' }] });
    expect(JSON.stringify(refusal)).not.toContain(key);
    expect(sent).toEqual([]);
  });

  test('alone connects its project, whose health nobody can know', async () => {
    const { board, connect, sent } = rig();
    const { account, status } = await connect({ dsn });
    expect({ account, status }).toEqual({
      account: { id: 'o42.ingest.us.sentry.io/4507', name: 'o42.ingest.us.sentry.io/4507' },
      status: 'active',
    });
    expect(await board.health('sentry', { organizationId })).toMatchObject({
      status: 'unknown',
      reason: 'not_checkable',
    });
    expect(sent).toEqual([]);
  });

  test('of any server sends there and nowhere else, and its token reads there', async () => {
    const { answer, client, connect, sent } = rig();
    answer(({ url }) => Response.json(url.pathname.endsWith('/envelope/') ? {} : { id: '1', slug: 'x', name: 'X' }));
    await connect({ dsn: `https://${key}@errors.example.com/sub/7`, authToken, organization: 'acme' });
    await client.envelopes.checkIn({ check_in_id: '0'.repeat(32), monitor_slug: 'job', status: 'ok' });
    await client.organizations.get();
    expect(sent.map(({ url }) => url.href)).toEqual([
      'https://errors.example.com/sub/api/7/envelope/',
      'https://errors.example.com/sub/api/0/organizations/acme/',
    ]);
    expect(sent.map(({ headers }) => [headers.get('x-sentry-auth'), headers.get('authorization')])).toEqual([
      [`Sentry sentry_version=7, sentry_key=${key}, sentry_client=plugboard/1.0`, null],
      [null, `Bearer ${authToken}`],
    ]);
  });

  test('of a server without https is left to the policy of the host', async () => {
    const { client, connect } = rig();
    await connect({ dsn: `http://${key}@errors.example.com/7` });
    await expect(client.errorReporting.captureException(new Error('x'))).resolves.toBeDefined();
    await expect(
      client.envelopes.send({ items: [{ type: 'event', payload: { message: 'x' } }] }),
    ).rejects.toMatchObject({ code: 'insecure_url' });
  });
});

describe('the missing half', () => {
  test('of a DSN is named, and nothing is sent', async () => {
    const { client, connect, sent } = rig();
    await connect({ dsn });
    for (const call of [() => client.issues.list(), () => client.releases.list({ organization: slug })]) {
      await expect(call()).rejects.toMatchObject({ kind: 'permission', code: 'token_missing' });
    }
    expect(sent).toEqual([]);
  });

  test('of a token is named, and nothing is sent', async () => {
    const { client, connect, sent } = rig();
    await connect({ authToken, organization: slug });
    const sends = [
      () => client.envelopes.send({ items: [{ type: 'event', payload: {} }] }),
      () => client.errorReporting.captureMessage('x'),
      () => client.sdk(),
    ];
    for (const call of sends) {
      await expect(call()).rejects.toMatchObject({
        kind: 'permission',
        code: 'dsn_missing',
        hint: 'Connect again with the DSN beside it.',
      });
    }
    expect(sent).toEqual([]);
  });

  test('of an address is the organization or the project that nothing names', async () => {
    const { client, connect, sent } = rig();
    await connect({ dsn, authToken, organization: slug });
    await expect(client.projects.keys()).rejects.toMatchObject({ code: 'project_missing' });
    await client.projects.keys({ organization: 'other', project: 'shop' });
    expect(sent.map(({ url }) => url.pathname)).toEqual(['/api/0/projects/other/shop/keys/']);
  });
});

describe('where a token asks', () => {
  const organization = { id: '2', slug, name: 'Jurisdiction' };

  test.each([
    ['https://de.sentry.io', 'de.sentry.io'],
    ['https://us.sentry.io', 'us.sentry.io'],
    ['https://evil.sentry.io', 'sentry.io'],
    ['https://de.sentry.io.evil.example', 'sentry.io'],
  ])('an organization that says it is at %s is asked at %s', async (regionUrl, host) => {
    const { answer, client, connect, sent } = rig();
    answer(({ url }) =>
      Response.json(url.pathname.endsWith('/issues/') ? [] : { ...organization, links: { regionUrl } }),
    );
    await connect({ authToken, organization: slug });
    await client.issues.list();
    expect(sent.map(({ url }) => url.host)).toEqual([host]);
  });

  test('the region of a DSN is its token’s, and a server that is named goes before both', async () => {
    const first = rig();
    first.answer(({ url }) => Response.json(url.pathname.endsWith('/issues/') ? [] : organization));
    await first.connect({ authToken, organization: slug, dsn: `https://${key}@o42.ingest.de.sentry.io/4507` }, 'token');
    await first.client.issues.list();
    expect(first.sent[0]!.url.host).toBe('de.sentry.io');
    const second = rig();
    second.answer(() => Response.json(organization));
    await second.connect({ authToken, organization: slug, dsn, url: 'https://sentry.example.com/' });
    await second.client.organizations.get();
    expect(second.sent[0]!.url.href).toBe(`https://sentry.example.com/api/0/organizations/${slug}/`);
  });

  test('a token of a CI, which may not read its organization, is proved by releases', async () => {
    const { answer, board, connect, sent } = rig();
    const forbidden = { detail: 'You do not have permission to perform this action.' };
    answer(({ url }) => {
      return url.pathname.endsWith('/releases/') ? Response.json([]) : Response.json(forbidden, { status: 403 });
    });
    const { account } = await connect({ authToken: 'sntrys_eyJpYXQiOjE3fQ==_abc', organization: slug });
    expect(account).toEqual({ id: slug, name: slug });
    expect(await board.health('sentry', { organizationId })).toMatchObject({ status: 'healthy' });
    expect(sent.map(({ url }) => url.pathname + url.search)).toEqual([
      `/api/0/organizations/${slug}/`,
      `/api/0/organizations/${slug}/releases/?per_page=1`,
    ]);
  });

  test('a token beside a DSN is what health can speak of', async () => {
    const { board, connect, vendor } = rig();
    await connect({ dsn, authToken, organization: slug });
    const health = () => board.health('sentry', { organizationId });
    expect(await health()).toMatchObject({ status: 'healthy', reason: 'dsn_not_checked' });
    vendor.failNext('invalidCredentials');
    expect(await health()).toMatchObject({ status: 'error', reason: 'unauthorized' });
  });
});

test('pages end when the announced next one is said to hold nothing', async () => {
  const { answer, client, connect, sent } = rig();
  await connect({ dsn, authToken, organization: slug });
  const issue = (id: string) => ({
    id,
    shortId: id,
    title: 't',
    level: 'error',
    status: 'unresolved',
    permalink: 'https://sentry.io/x',
    project: { id: '2', name: 'P', slug: 'p' },
  });
  answer(({ url }) => {
    const last = url.searchParams.get('cursor') === '0:2:0';
    const link = (rel: string, results: boolean, cursor: string) =>
      `<https://evil.example/?cursor=${cursor}>; rel="${rel}"; results="${results}"; cursor="${cursor}"`;
    const headers = { link: `${link('previous', last, '0:0:1')}, ${link('next', !last, last ? '0:4:0' : '0:2:0')}` };
    return Response.json([issue(last ? '3' : '1'), issue(last ? '4' : '2')], { headers });
  });
  const found: string[] = [];
  for await (const { id } of client.issues.list({ query: 'is:unresolved' })) found.push(id);
  expect(found).toEqual(['1', '2', '3', '4']);
  expect(sent.map(({ url }) => url.host + url.search)).toEqual([
    'us.sentry.io?query=is%3Aunresolved',
    'us.sentry.io?query=is%3Aunresolved&cursor=0%3A2%3A0',
  ]);
});

test('a version is one segment of the path, whatever is in it', async () => {
  const { client, connect, sent } = rig();
  await connect({ dsn, authToken, organization: slug });
  await client.releases.deploy({ version: 'shop@1.0.0+a/b', environment: 'prod' });
  expect(sent[0]!.url.pathname).toBe(`/api/0/organizations/${slug}/releases/shop%401.0.0%2Ba%2Fb/deploys/`);
  expect(sent[0]!.json).toEqual({ environment: 'prod' });
});

test('what a field refuses is told with its name', async () => {
  const { client, connect, vendor } = rig();
  await connect({ dsn, authToken, organization: slug });
  vendor.failNext('badField');
  await expect(client.issues.get({ id: '1' })).rejects.toMatchObject({
    kind: 'invalid_request',
    vendor: { message: 'version: This field is required.' },
  });
});

describe('envelopes', () => {
  const items = [
    { type: 'event', payload: { message: { formatted: 'Grüße\n漢' }, level: 'info' } },
    { type: 'attachment', filename: 'a.txt', content_type: 'text/plain', payload: 'first line\nsecond {"line"}\n' },
    { type: 'client_report', payload: { discarded_events: [] } },
  ];

  test('are written byte by byte as the official SDK writes them, and read back by it', () => {
    const header = { event_id: 'fc6d8c0c43fc4630ad850ee518f1b9d0', sent_at: '2026-11-20T10:00:00.000Z' };
    const theirs = items.map(({ payload, ...rest }) => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      return [{ ...rest, length: new TextEncoder().encode(text).length }, payload];
    });
    const ours = writeEnvelope(header, items);
    expect(ours).toBe(serializeEnvelope([header, theirs] as never));
    const [readHeader, readItems] = parseEnvelope(ours);
    expect(readHeader).toEqual(header);
    expect(readItems.map(([{ type }]) => type)).toEqual(['event', 'attachment', 'client_report']);
    expect(new TextDecoder().decode(readItems[1]![1] as unknown as Uint8Array)).toBe(items[1]!.payload);
  });

  test('carry the id of their event, and a key in the header alone', async () => {
    const { client, connect, envelopes, sent } = rig();
    await connect({ dsn });
    const event_id = 'a'.repeat(32);
    await client.envelopes.send({ items: [{ type: 'event', payload: { event_id, message: 'x' } }] });
    expect(envelopes()[0]!.header).toEqual({ event_id, sent_at: '2026-01-01T00:00:00.000Z' });
    expect(sent[0]!.url.href).toBe('https://o42.ingest.us.sentry.io/api/4507/envelope/');
    expect(sent[0]!.headers.get('content-type')).toBe('application/x-sentry-envelope');
    expect(sent[0]!.text).not.toContain(key);
  });
});
