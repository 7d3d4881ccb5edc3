/** What a connection is made of, and the addresses that follow from it. */
import { hostOf, reveal, type Api, type Credentials } from '@plugboard/core';
import { baseUrl, secret, text } from '@plugboard/core/fields';
import { z } from 'zod';

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

/** A bucket at AWS itself. */
export const awsFields = z
  .strictObject({
    ...keys,
    region: text('Region', {
      help: 'Where the bucket is: Properties > AWS Region.',
      example: 'us-east-1',
      pattern: /^[a-z]{2}(-[a-z]+)+-\d$/,
    }),
  })
  .refine(needsToken, tokenRule);

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

export function credentialsOf(api: Api): Credentials {
  return api.method === 'aws' ? api.credentials(awsFields) : api.credentials(compatibleFields);
}
