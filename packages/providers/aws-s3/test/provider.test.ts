import { conformance, providerContract } from '@plugboard/testing';

import { awsS3 } from '../src/index.ts';

const {
  aws: { example: aws },
  compatible: { example: compatible },
} = awsS3.definition.auth;
const account = { id: '123456789012', name: 'examplebucket (123456789012)' };
const sessionToken = 'AQoDYXdzEJr1K2FwlVPsKsMm4vM0example';
const slashes =
  'A key holds as many slashes as it likes; `objects.get` and its like prove that it stays below the bucket.';

providerContract(awsS3, {
  accounts: { aws: account, role: account },
  credentials: { aws: { ...aws, sessionToken }, compatible: { ...compatible, sessionToken } },
  exceptions: {
    'F08 objects.upload: texts of the input change the shape of no path': slashes,
    'F08 objects.download: texts of the input change the shape of no path': slashes,
  },
});

// The model writes the bucket into the path, where one with dots in its name stands.
conformance(awsS3.definition, {
  api: { credentials: () => ({ ...aws, bucket: 'my.examplebucket' }) as never },
  exceptions: { 'account.identity': 'The token service has a model of its own, which is not at hand.' },
  inputs: {
    'objects.put': [
      {
        key: 'a',
        body: 'x',
        cacheControl: 'no-store',
        contentDisposition: 'attachment',
        contentEncoding: 'gzip',
        storageClass: 'STANDARD_IA',
        serverSideEncryption: 'AES256',
        metadata: { owner: 'ada' },
      },
    ],
    'objects.putIf': [{ key: 'a', body: 'x', ifMatch: 'abc' }],
    'objects.get': [{ key: 'a', range: { start: 0, end: 9 }, versionId: 'v1' }],
    'objects.list': [{ prefix: 'a', delimiter: '/', maxKeys: 10, startAfter: 'b', continuationToken: 'c' }],
    'objects.copy': [{ key: 'a', from: 'b', fromBucket: 'other', fromVersionId: 'v1', metadata: { owner: 'ada' } }],
  },
});
