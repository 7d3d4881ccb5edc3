/** AWS S3, and what speaks its protocol: Cloudflare R2, MinIO and others. */
import { clientCredentials, defineProvider, endpoint, isPlugboardError, sigv4, type Api } from '@plugboard/core';
import { given, like } from '@plugboard/core/fields';

import { addressOf, app, assumeRole, awsFields, compatibleFields, credentialsOf, hostsOf } from './access.ts';
import { identityHost, roleFields, s3Signature } from './access.ts';
import { children, errors, rootOf, textAt } from './answers.ts';
import { emulator } from './emulator.ts';
import { bucketOf, objects, xmlExample } from './objects.ts';
import { download, files, presign, settings, upload, uploads } from './transfers.ts';

const env = {
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
  region: 'AWS_REGION',
  bucket: 'S3_BUCKET',
};

const shownIdentity =
  '<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult>';

const account = {
  bucket: endpoint('HEAD /', {
    summary: 'Says whether the bucket can be reached, and its region. A refusal has no body that would say why.',
    input: given({}),
    decode: ({ headers }) => ({ region: headers.get('x-amz-bucket-region') ?? undefined }),
    output: like({}, { region: 'us-east-1' }),
    example: { headers: { 'x-amz-bucket-region': 'us-east-1' } },
  }),
  identity: endpoint('POST /', {
    summary: 'Says whose keys these are. Needs no permission.',
    methods: ['aws', 'role'],
    docs: 'https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html',
    repeat: 'safe',
    baseUrl: (api) => `https://${identityHost(credentialsOf(api))}`,
    input: given({}),
    encode: () => ({ form: { Action: 'GetCallerIdentity', Version: '2011-06-15' } }),
    decode: (answer) => {
      const [result] = children(rootOf(answer, 'GetCallerIdentityResponse'), 'GetCallerIdentityResult');
      return { account: textAt(result, 'Account'), arn: textAt(result, 'Arn'), userId: textAt(result, 'UserId') };
    },
    output: like(
      { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/Alice' },
      { userId: 'AIDACKCEVSQ6C2EXAMPLE' },
    ),
    example: xmlExample(
      'GetCallerIdentityResponse',
      shownIdentity,
      'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"',
    ),
  }),
};

export const awsS3 = defineProvider({
  id: 'aws-s3',
  name: 'AWS S3',
  category: 'storage',
  summary: 'Object storage at AWS, Cloudflare R2, MinIO and others: files, addresses for browsers, uploads in parts.',
  docs: {
    home: 'https://aws.amazon.com/s3/',
    keys: 'https://console.aws.amazon.com/iam/home#/security_credentials',
    reference: 'https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html',
    checked: '2026-11-20',
  },
  // Every host follows from the region, the bucket and the endpoint of the connection.
  hosts: [],
  tenantHosts: ({ credentials }) => hostsOf(credentials),
  app,

  auth: {
    aws: sigv4({
      title: 'AWS access key',
      credentials: awsFields,
      env,
      sign: s3Signature,
      example: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        bucket: 'examplebucket',
        region: 'us-east-1',
      },
    }),
    role: clientCredentials({
      title: 'AWS role',
      credentials: roleFields,
      appSet: 'assume',
      mint: assumeRole,
      sign: s3Signature,
      example: { roleArn: 'arn:aws:iam::123456789012:role/uploads', bucket: 'examplebucket', region: 'us-east-1' },
      grant: {
        accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY',
        accessToken: 'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW',
      },
    }),
    compatible: sigv4({
      title: 'Key of an S3-compatible service',
      credentials: compatibleFields,
      env: { ...env, endpoint: 'S3_ENDPOINT', forcePathStyle: 'S3_FORCE_PATH_STYLE' },
      sign: s3Signature,
      example: {
        endpoint: 'https://storage.example.com',
        accessKeyId: '7a9f5ae5b0e24c1e8d5d1c5a2f2e4b60',
        secretAccessKey: 'e5b1f2c4a7d94e0c8b3a6f5d2c1e0b9a',
        bucket: 'examplebucket',
      },
    }),
  },

  api: {
    baseUrl: (api) => addressOf(credentialsOf(api)).base,
    headers: { accept: '*/*' },
    requestId: 'x-amz-request-id',
    errors,
  },

  // Only AWS says whose keys these are; elsewhere they are told apart by themselves.
  async account(api) {
    await probe(api).catch(tolerateMissingList);
    const bucket = bucketOf(api);
    if (api.method === 'compatible')
      return { kind: 'derived', name: `${bucket} at ${addressOf(credentialsOf(api)).host}` };
    const { account: id, arn } = await api.call(account.identity, {});
    return { kind: 'known', account: { id, name: `${bucket} (${id})` }, metadata: { arn } };
  },

  // A HEAD of the bucket is cheaper by a few bytes, but its refusals do not say why.
  async healthCheck(api) {
    await probe(api);
    return { status: 'healthy' };
  },

  settings: { schema: settings },
  operations: { objects: { ...objects, upload, download, presign }, uploads, account },
  capabilities: { files },
  emulator,
});

async function probe(api: Api): Promise<void> {
  await api.call(objects.list, { maxKeys: 1 });
}

/** Keys that may store and not list are good keys: the refusal proves it. */
function tolerateMissingList(error: unknown): void {
  if (!isPlugboardError(error) || error.code !== 'access_denied') throw error;
}
