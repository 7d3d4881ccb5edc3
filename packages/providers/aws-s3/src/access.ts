/** What a connection is made of, the addresses that follow from it, and how its requests are signed. */
import { configurationError, encodeBase64, encodeHex, hash, hostOf, invalidInput, need, reveal } from '@plugboard/core';
import { isPlugboardError, PlugboardError, Secret } from '@plugboard/core';
import type { Api, AppFields, Classify, Credentials, Grant, OAuthClient, Sign } from '@plugboard/core';
import { baseUrl, secret, text, z } from '@plugboard/core/fields';

import { children, errors, rootOf, textAt } from './answers.ts';
import { signHeaders, type Keys } from './sign.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (2026-11-20)
const bucketPattern = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const keys = {
  accessKeyId: text('Access key id', { example: 'AKIAIOSFODNN7EXAMPLE', pattern: /^[\w.@+-]{3,128}$/ }),
  secretAccessKey: secret('Secret access key'),
  sessionToken: secret('Session token', {
    help: 'Only with temporary keys; the connection ends with them.',
  }).optional(),
  bucket: text('Bucket', { example: 'examplebucket', pattern: bucketPattern }),
};
const needsToken = (found: { accessKeyId: string; sessionToken?: unknown }) =>
  !found.accessKeyId.startsWith('ASIA') || found.sessionToken !== undefined;
const tokenRule = { path: ['sessionToken'], error: 'is needed with temporary keys (ASIA…)' };

const region = text('Region', {
  help: 'Where the bucket is: Properties > AWS Region.',
  example: 'us-east-1',
  pattern: /^[a-z]{2}(-[a-z]+)+-\d$/,
});

/** A bucket at AWS itself. */
export const awsFields = z.strictObject({ ...keys, region }).refine(needsToken, tokenRule);

/** A bucket at AWS that a role may use, without any key of its owner's. */
export const roleFields = z.strictObject({
  roleArn: text('Role ARN', {
    help: 'A role that trusts the account of this app, under the external ID that it shows.',
    example: 'arn:aws:iam::123456789012:role/uploads',
    pattern: /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
  }),
  bucket: keys.bucket,
  region,
});

/** A bucket of a service that speaks the same protocol. */
export const compatibleFields = z.strictObject({
  endpoint: baseUrl('Endpoint', {
    help: 'The address of the service, without the bucket. R2: https://<account>.r2.cloudflarestorage.com.',
    example: 'https://storage.example.com',
  }).refine((url) => URL.canParse(url) && new URL(url).pathname === '/', {
    error: 'must be the address alone: the bucket has a field of its own',
  }),
  ...keys,
  region: text('Region', {
    help: 'As the service calls it. Default auto for R2, else us-east-1.',
    pattern: /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
  }).optional(),
  forcePathStyle: z.enum(['true', 'false']).optional().meta({
    title: 'Bucket in the path',
    description: 'Default true: https://host/bucket. false: https://bucket.host.',
  }),
});

export interface Address {
  /** What paths of objects come after. */
  readonly base: string;
  readonly host: string;
}

/** @throws PlugboardError kind `invalid_request`, naming the field. */
export function addressOf(credentials: Credentials): Address {
  const bucket = textOf(credentials, 'bucket');
  const endpoint = credentials['endpoint'] === undefined ? undefined : textOf(credentials, 'endpoint');
  if (endpoint === undefined) {
    const host = `s3.${regionOf(credentials)}.${awsDomain(credentials)}`;
    // A name with dots is no one label, which is all that the certificate covers.
    return bucket.includes('.') ? inPath('https:', host, bucket) : inHost('https:', host, bucket);
  }
  const host = hostOf(endpoint, 'endpoint');
  const { protocol } = new URL(endpoint);
  return textOf(credentials, 'forcePathStyle') === 'false'
    ? inHost(protocol, host, bucket)
    : inPath(protocol, host, bucket);
}

function inPath(protocol: string, host: string, bucket: string): Address {
  return { host, base: `${protocol}//${host}/${bucket}` };
}

function inHost(protocol: string, host: string, bucket: string): Address {
  return { host: `${bucket}.${host}`, base: `${protocol}//${bucket}.${host}` };
}

/** Undefined outside of AWS, where nobody says whose keys these are. */
export function identityHost(credentials: Credentials): string | undefined {
  if (credentials['endpoint'] !== undefined) return undefined;
  return `sts.${regionOf(credentials)}.${awsDomain(credentials)}`;
}

export function regionOf(credentials: Credentials): string {
  if (credentials['region'] !== undefined) return textOf(credentials, 'region');
  return hostOf(credentials['endpoint'], 'endpoint').endsWith('.r2.cloudflarestorage.com') ? 'auto' : 'us-east-1';
}

function awsDomain(credentials: Credentials): string {
  return regionOf(credentials).startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

function textOf(credentials: Credentials, field: string): string {
  return reveal(credentials[field] ?? '');
}

/** Every host that calls of this connection may go to; none before there are credentials. */
export function hostsOf(credentials: Credentials): readonly string[] {
  if (credentials['bucket'] === undefined) return [];
  const identity = identityHost(credentials);
  return [addressOf(credentials).host, ...(identity === undefined ? [] : [identity])];
}

const held = z.looseObject({
  accessKeyId: z.string(),
  secretAccessKey: secret('Secret access key'),
  sessionToken: secret('Session token').optional(),
  accessToken: secret('Session token of a role').optional(),
  bucket: z.string(),
});
export const credentialsOf = (api: Api): Credentials => api.credentials(held) as Credentials;

export function keysOf(credentials: Credentials): Keys {
  const { sessionToken, accessToken } = credentials;
  const token = sessionToken ?? accessToken;
  return {
    accessKeyId: need(credentials, 'accessKeyId'),
    secretAccessKey: need(credentials, 'secretAccessKey'),
    ...(token !== undefined && { sessionToken: reveal(token) }),
  };
}

/** Signs what goes to S3, and what goes to AWS's token service, which only says whose keys these are. */
export const s3Signature: Sign = {
  places: ['header:authorization', 'header:x-amz-content-sha256', 'header:x-amz-date', 'header:x-amz-security-token'],
  async apply({ method, url, headers, body }, { credentials, now }) {
    const bodyHash = await hash('sha256', body ?? '');
    const payloadHash = encodeHex(bodyHash);
    const service = /^sts\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(url.hostname) ? 'sts' : 's3';
    if (service === 's3') headers.set('x-amz-content-sha256', payloadHash);
    // The one request that S3 takes only with a checksum of its body.
    if (url.searchParams.has('delete')) headers.set('x-amz-checksum-sha256', encodeBase64(bodyHash));
    const scope = { region: regionOf(credentials), service, at: now };
    await signHeaders({ method, url, headers }, keysOf(credentials), scope, payloadHash);
  },
};

/** A user of the host's account who may do one thing: assume the roles of its organizations. */
export const app = {
  accessKeyId: {
    title: 'Access key id that assumes roles',
    env: 'AWS_ASSUME_ACCESS_KEY_ID',
    set: 'assume',
    example: 'AKIDASSUMINGEXAMPLE',
  },
  secretAccessKey: {
    title: 'Its secret access key',
    env: 'AWS_ASSUME_SECRET_ACCESS_KEY',
    set: 'assume',
    secret: true,
    example: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYASSUMINGKEY',
  },
} as const satisfies AppFields;

/**
 * What the trust policy of an organization's role must ask for (`sts:ExternalId`), so that no other organization can have
 * this app use it. It is no secret, and never changes.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html (2026-11-28)
 */
export async function externalId(organizationId: string): Promise<string> {
  return encodeHex(await hash('sha256', `aws-s3 external id ${organizationId}`));
}

const ofApp = new Set(['InvalidClientTokenId', 'SignatureDoesNotMatch', 'IncompleteSignature', 'OptInRequired']);

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (2026-11-28) */
async function askForRole({ app: own, credentials, now, request }: OAuthClient, id: string | undefined) {
  const form = {
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: need(credentials, 'roleArn'),
    RoleSessionName: 'plugboard',
    ...(id !== undefined && { ExternalId: id }),
  };
  const url = new URL(`https://${identityHost(credentials)}/`);
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  const payloadHash = encodeHex(await hash('sha256', new URLSearchParams(form).toString()));
  const scope = { region: regionOf(credentials), service: 'sts', at: now };
  await signHeaders({ method: 'POST', url, headers }, keysOf(own), scope, payloadHash);
  const classify: Classify = (answer) => {
    const judged = errors.classify(answer);
    const code = judged?.vendor?.code ?? '';
    if (ofApp.has(code)) {
      const hint = 'Check AWS_ASSUME_ACCESS_KEY_ID, AWS_ASSUME_SECRET_ACCESS_KEY, and the clock of this machine.';
      return { kind: 'configuration', code: 'bad_app_credentials', hint, vendor: { code } };
    }
    if (code !== 'AccessDenied') return judged;
    const hint = `The role must exist, trust the account of this app, and ask for the external ID ${id ?? ''}.`;
    return { kind: 'auth', code: 'role_refused', hint, vendor: { code } };
  };
  return request({ method: 'POST', url: url.href, headers: Object.fromEntries(headers), form, classify });
}

/** Keys of an hour. A role that any organization could name is refused when it is connected. */
export async function assumeRole(client: OAuthClient): Promise<Grant> {
  const { organizationId, credentials, now } = client;
  if (organizationId === undefined)
    throw configurationError('no_organization', 'A role is assumed for an organization.', 'Connect one.');
  const id = await externalId(organizationId);
  const [result] = children(rootOf(await askForRole(client, id), 'AssumeRoleResponse'), 'AssumeRoleResult');
  const read = (name: string) => textAt(result, 'Credentials', name) ?? '';
  const ends = Date.parse(read('Expiration'));
  const whole = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].every((name) => read(name) !== '');
  if (!whole || !(ends > now)) throw unreadableRole();
  if (credentials['accessToken'] === undefined) await refuseOpenRole(client, id);
  return {
    credentials: {
      accessKeyId: read('AccessKeyId'),
      secretAccessKey: new Secret(read('SecretAccessKey')),
      accessToken: new Secret(read('SessionToken')),
    },
    expiresInMs: ends - now,
  };
}

/** Keys without an end would never be renewed, and those of which a part is missing sign nothing. */
function unreadableRole(): PlugboardError {
  const message = 'The answer to AssumeRole holds no keys that are good for a while.';
  const hint = 'Check the clock of this machine, and try again.';
  return new PlugboardError({ kind: 'invalid_response', code: 'unexpected_shape', message, hint, provider: 'aws-s3' });
}

async function refuseOpenRole(client: OAuthClient, id: string): Promise<void> {
  const open = await askForRole(client, undefined).then(
    () => true,
    (error: unknown) => {
      if (!isPlugboardError(error) || error.code !== 'role_refused') throw error;
      return false;
    },
  );
  if (!open) return;
  const message = 'may be assumed without an external ID, so that others could have this app use it';
  const hint = `Add to its trust policy: {"Condition": {"StringEquals": {"sts:ExternalId": "${id}"}}}.`;
  throw invalidInput('The role', [{ path: 'roleArn', message }], hint);
}
