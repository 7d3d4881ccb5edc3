import { isPlugboardError } from '@plugboard/core';
import { createTestBoard, type SentRequest } from '@plugboard/testing';
import { AwsV4Signer } from 'aws4fetch';
import { expect, test } from 'vitest';

import { awsS3, externalId } from '../src/index.ts';

const app = { accessKeyId: 'AKIDASSUMINGEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYASSUMINGKEY' };
const credentials = {
  roleArn: 'arn:aws:iam::123456789012:role/uploads',
  bucket: 'examplebucket',
  region: 'us-east-1',
};
const idOfOrg1 = '1869e3c1c7cb5848cd3978bdf2c86d78075d1b56a6b8cd2d54dea813c8e16be4';
const hourMs = 3_600_000;

function createRig(options: Partial<typeof app> = app) {
  const made = createTestBoard(awsS3(options.accessKeyId === undefined ? { stub: false } : options));
  const { board, sent } = made;
  return {
    ...made,
    assumed: () => sent.filter(({ form }) => form.get('Action') === 'AssumeRole'),
    connect: (organizationId = 'org-1') =>
      board.connect('aws-s3', { organizationId, userId: 'u', method: 'role', credentials }),
    connection: () => board.connections.get('aws-s3', { organizationId: 'org-1' }),
    client: board.client('aws-s3', { organizationId: 'org-1' }),
  };
}

const failureOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => expect.unreachable('this must fail'),
    (error: unknown) => (isPlugboardError(error) ? error : expect.unreachable(String(error))),
  );
const refused = (code: string, status = 403) =>
  new Response(`<ErrorResponse><Error><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`, { status });

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (2026-11-28)
test('a role is asked for by the key of the app, under the id of the organization, and its keys are what signs', async () => {
  const { connect, assumed, sent, client, clock } = createRig();
  await connect();
  const [{ url, headers, text, form }] = assumed() as [SentRequest];
  expect(url.href).toBe('https://sts.us-east-1.amazonaws.com/');
  expect(Object.fromEntries(form)).toEqual({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: credentials.roleArn,
    RoleSessionName: 'plugboard',
    ExternalId: idOfOrg1,
  });
  const theirs = await new AwsV4Signer({
    method: 'POST',
    url: url.href,
    headers: { 'content-type': headers.get('content-type')! },
    body: text,
    ...app,
    region: 'us-east-1',
    service: 'sts',
    datetime: new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, ''),
    allHeaders: true,
  }).sign();
  expect(headers.get('authorization')).toBe(theirs.headers.get('authorization'));

  await client.objects.head({ key: 'photos/2026/tea.jpg' });
  const last = sent.at(-1)!;
  expect(last.headers.get('authorization')).toMatch(/Credential=ASIA\w+\//);
  expect(last.headers.get('x-amz-security-token')).toMatch(/\S/);
  const { url: shared } = await client.objects.presign({ key: 'a' });
  expect(new URL(shared).searchParams.get('X-Amz-Security-Token')).toBe(last.headers.get('x-amz-security-token'));
});

test('each organization has an id of its own, which stays', async () => {
  // SHA-256 as Python computes it.
  expect(await externalId('org-1')).toBe(idOfOrg1);
  const { connect, assumed } = createRig();
  for (const organizationId of ['org-1', 'org-2', 'org-1']) await connect(organizationId);
  const ids = assumed().flatMap(({ form }) => form.get('ExternalId') ?? []);
  expect(ids).toEqual([idOfOrg1, await externalId('org-2'), idOfOrg1]);
  expect(ids[0]).not.toBe(ids[1]);
});

test('a role that may be assumed without the id is refused: whoever knows its name could have it used', async () => {
  const { connect, connection, answer } = createRig();
  const keys = '<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>';
  const result = `<AssumeRoleResult><Credentials>${keys}</Credentials></AssumeRoleResult>`;
  answer(({ form }) =>
    form.get('Action') === 'AssumeRole' && !form.has('ExternalId')
      ? new Response(`<AssumeRoleResponse>${result}</AssumeRoleResponse>`)
      : undefined,
  );
  const error = await failureOf(connect());
  expect(error).toMatchObject({ code: 'invalid_input', fields: [{ path: 'roleArn' }] });
  expect(error.hint).toContain(`"sts:ExternalId": "${idOfOrg1}"`);
  expect(await connection()).toBeNull();
});

test.each([
  [
    'without an end',
    '<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>',
  ],
  [
    'that have ended',
    '<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2000-01-01T00:00:00Z</Expiration>',
  ],
  [
    'without a token',
    '<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>2099-01-01T00:00:00Z</Expiration>',
  ],
  ['that are none', ''],
])('keys %s are not stored', async (_name, keys) => {
  const { connect, connection, answer } = createRig();
  const result = `<AssumeRoleResult><Credentials>${keys}</Credentials></AssumeRoleResult>`;
  answer(({ form }) => {
    if (form.get('Action') !== 'AssumeRole') return undefined;
    return form.has('ExternalId')
      ? new Response(`<AssumeRoleResponse>${result}</AssumeRoleResponse>`)
      : refused('AccessDenied');
  });
  const error = await failureOf(connect());
  expect(error).toMatchObject({ kind: 'invalid_response', code: 'unexpected_shape' });
  expect(await connection()).toBeNull();
});

test('a check that could not be made is no good sign', async () => {
  const { connect, connection, answer } = createRig();
  answer(({ form }) =>
    form.get('Action') === 'AssumeRole' && !form.has('ExternalId') ? refused('InternalFailure', 500) : undefined,
  );
  expect((await failureOf(connect())).kind).toBe('unavailable');
  expect(await connection()).toBeNull();
});

test('new keys come each hour, under the same id and without asking again how the role trusts', async () => {
  const { connect, clock, client, assumed, sent, connection } = createRig();
  await connect();
  expect((await connection())?.expiresAt?.getTime()).toBe(clock.now() + hourMs);
  sent.length = 0;
  await clock.advance(hourMs);
  await Promise.all([client.objects.list({}), client.objects.list({})]);
  expect(assumed().map(({ form }) => form.get('ExternalId'))).toEqual([idOfOrg1]);
});

test('an organization that is refused learns what the role must ask for; a wrong key of the app is not its matter', async () => {
  const { connect, connection, answer } = createRig();
  answer(() => refused('AccessDenied'));
  const denied = await failureOf(connect());
  expect(denied).toMatchObject({ code: 'credentials_refused', fields: [{ path: 'roleArn' }, {}, {}] });
  expect(denied.hint).toContain(idOfOrg1);
  for (const code of ['InvalidClientTokenId', 'SignatureDoesNotMatch']) {
    answer(() => refused(code));
    expect(await failureOf(connect())).toMatchObject({ kind: 'configuration', code: 'bad_app_credentials' });
  }
  answer(() => refused('Throttling', 400));
  expect(await failureOf(connect())).toMatchObject({ kind: 'rate_limited' });
  expect(await connection()).toBeNull();
});

test('a role that trusts no more ends the connection, once that is confirmed', async () => {
  const { connect, connection, answer, clock, client } = createRig();
  await connect();
  answer(({ form }) => (form.get('Action') === 'AssumeRole' ? refused('AccessDenied') : undefined));
  await clock.advance(hourMs);
  await failureOf(client.objects.list({}));
  expect(await connection()).toMatchObject({ status: 'active' });
  await clock.advance(120_000);
  await failureOf(client.objects.list({}));
  expect(await connection()).toMatchObject({ status: 'expired' });
});

test('without a key of the app nothing is assumed, and keys of a compatible service are nobody’s', async () => {
  const { connect, sent, board, client } = createRig({});
  expect((await failureOf(connect())).code).toBe('app_credentials_missing');
  expect(sent).toEqual([]);
  const { example } = awsS3.definition.auth.compatible;
  await board.connect('aws-s3', { organizationId: 'org-1', method: 'compatible', credentials: example as never });
  sent.length = 0;
  const error = await failureOf(client.account.identity({}));
  expect(error).toMatchObject({
    code: 'wrong_method',
    hint: 'Connect by `aws` (AWS access key) or `role` (AWS role).',
  });
  expect(sent).toEqual([]);
});
