/** What the client offers: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html (2026-11-20). */
import { encodeUtf8, endpoint, reveal, type Answer, type Api } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { credentialsOf } from './access.ts';
import { children, element, rootOf, textAt } from './answers.ts';
import { encodePart } from './sign.ts';

export const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
export const slow = { deadlineMs: 300_000 };

/** Addresses cannot hold `.` and `..`, nor XML the control characters. */
export const key = z
  .string()
  .regex(/^[^\u0000-\u001f\u007f]+$/, { error: 'must be 1 to 1024 bytes without control characters' })
  .refine((text) => encodeUtf8(text).byteLength <= 1024 && text.isWellFormed(), { error: 'must be at most 1024 bytes' })
  .refine((text) => !text.split('/').some((part) => part === '.' || part === '..'), {
    error: 'must have no part that is `.` or `..`',
  })
  .meta({ examples: ['photos/2026/tea.jpg'] });

const header = z.string().regex(/^[\x20-\x7e]+$/, { error: 'must be printable ASCII' });
export const etag = z.string().regex(/^[\x21\x23-\x7e]+$/, { error: 'must be an entity tag without its quotes' });
const version = { versionId: header };
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { error: 'must be bytes or a text' });
const data = z.union([bytes, z.string()]);

/** What is stored beside an object. */
export const facts = {
  contentType: header,
  cacheControl: header,
  contentDisposition: header,
  contentEncoding: header,
  storageClass: header,
  serverSideEncryption: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']),
  metadata: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), header),
};
type Facts = { readonly [Name in keyof typeof facts]?: z.output<(typeof facts)[Name]> | undefined };

export function factHeaders({ metadata = {}, ...rest }: Facts): Record<string, string> {
  const names: Readonly<Record<keyof typeof rest, string>> = {
    contentType: 'content-type',
    cacheControl: 'cache-control',
    contentDisposition: 'content-disposition',
    contentEncoding: 'content-encoding',
    storageClass: 'x-amz-storage-class',
    serverSideEncryption: 'x-amz-server-side-encryption',
  };
  const own = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value] as const);
  const given = Object.entries(names).map(([name, sent]) => [sent, rest[name as keyof typeof names]] as const);
  return Object.fromEntries([...given, ...own].filter((pair): pair is [string, string] => pair[1] !== undefined));
}

export const unquoted = (tag: string | null | undefined) => tag?.replaceAll('"', '') ?? undefined;
export const shownTag = '6805f2cfc46c0f04559748bb039d69ae';
export const receipt = like({ etag: shownTag }, { versionId: '4_fL3kqtJvjVBH40Nrjfkd' });
const shownTime = '2026-10-12T17:50:30.000Z';
export const tagged = { headers: { etag: `"${shownTag}"` } };
export const readReceipt = ({ headers }: Answer) => ({
  etag: unquoted(headers.get('etag')),
  versionId: headers.get('x-amz-version-id') ?? undefined,
});

/** What the headers of an object say. */
export function describe(headers: Headers) {
  const own = [...headers].filter(([name]) => name.startsWith('x-amz-meta-'));
  const size = headers.get('content-length');
  return {
    etag: unquoted(headers.get('etag')),
    size: size === null ? undefined : Number(size),
    contentType: headers.get('content-type') ?? undefined,
    lastModified: headers.get('last-modified') ?? undefined,
    versionId: headers.get('x-amz-version-id') ?? undefined,
    metadata: Object.fromEntries(own.map(([name, value]) => [name.slice('x-amz-meta-'.length), value])),
  };
}

const described = like(
  { etag: shownTag },
  {
    size: 21,
    contentType: 'text/plain',
    lastModified: 'Fri, 24 May 2013 00:00:00 GMT',
    versionId: 'null',
    metadata: z.record(z.string(), z.string()),
  },
);
const shownHeaders = {
  ...tagged.headers,
  'content-type': 'text/plain',
  'last-modified': 'Fri, 24 May 2013 00:00:00 GMT',
  'x-amz-meta-owner': 'ada',
};
const shownText = 'Welcome to Amazon S3.';

const range = z
  .strictObject({ start: z.int().min(0), end: z.int().min(0).optional() })
  .refine(({ start, end }) => end === undefined || end >= start, { path: ['end'], error: 'must not be before start' });
export const rangeHeader = (found: z.output<typeof range> | undefined): Record<string, string> =>
  found === undefined ? {} : { range: `bytes=${found.start}-${found.end ?? ''}` };
export const readFields = { range, ...version };

const put = (input: { key: string; body: z.output<typeof data> } & Facts) => {
  const { key: name, body, ...rest } = input;
  const contentType = rest.contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/octet-stream');
  return { path: { key: name }, body, headers: factHeaders({ ...rest, contentType }) };
};
export const object = { key, body: data.meta({ examples: [shownText] }) };

export const xmlExample = (root: string, inside: string, xmlns = namespace) => ({
  answer: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${xmlns}>${inside}</${root}>`,
  headers: { 'content-type': 'application/xml' },
});

const shownList = `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>1ueGcxLPRx1Tr</NextContinuationToken><Contents><Key>photos/2026/tea+time.jpg</Key><LastModified>${shownTime}</LastModified><ETag>&quot;${shownTag}&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents><CommonPrefixes><Prefix>photos/2026/</Prefix></CommonPrefixes>`;

/** The service writes names as in an address, because XML cannot carry all of them, and says so. */
function readList(answer: Answer) {
  const root = rootOf(answer, 'ListBucketResult');
  const encoded = textAt(root, 'EncodingType') === 'url';
  const name = (text = '') => (encoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text);
  return {
    items: children(root, 'Contents').map((item) => ({
      key: name(textAt(item, 'Key')),
      size: Number(textAt(item, 'Size')),
      etag: unquoted(textAt(item, 'ETag')),
      lastModified: textAt(item, 'LastModified'),
      storageClass: textAt(item, 'StorageClass'),
    })),
    prefixes: children(root, 'CommonPrefixes').map((item) => name(textAt(item, 'Prefix'))),
    next: textAt(root, 'IsTruncated') === 'true' ? textAt(root, 'NextContinuationToken') : undefined,
  };
}

export const objects = {
  put: endpoint('PUT /{+key}', {
    summary: 'Stores an object of up to 5 GB, in place of what had the same key.',
    repeat: 'safe',
    ...slow,
    input: given(object, facts),
    encode: put,
    decode: readReceipt,
    output: receipt,
    example: tagged,
  }),
  putIf: endpoint('PUT /{+key}', {
    summary: 'Stores an object only where none has the key yet, or in place of the one with that entity tag.',
    ...slow,
    input: given(object, { ...facts, ifMatch: etag }),
    encode: ({ ifMatch, ...input }) => {
      const { headers, ...rest } = put(input);
      const condition = ifMatch === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${ifMatch}"` };
      return { ...rest, headers: { ...headers, ...condition } };
    },
    decode: readReceipt,
    output: receipt,
    example: tagged,
  }),
  get: endpoint('GET /{+key}', {
    summary: 'Reads an object of up to 100 MB, or a range of it; `download` reads larger ones while they come.',
    ...slow,
    maxBytes: 100_000_000,
    input: given({ key }, readFields),
    encode: ({ key: name, range: part, versionId }) => ({
      path: { key: name },
      query: { versionId },
      headers: rangeHeader(part),
    }),
    decode: ({ headers, bytes: body }) => ({ ...describe(headers), size: body.byteLength, body }),
    output: described.extend({ body: bytes }),
    example: { answer: shownText, headers: shownHeaders },
  }),
  head: endpoint('HEAD /{+key}', {
    summary: 'Describes an object without reading it.',
    input: given({ key }, version),
    encode: ({ key: name, versionId }) => ({ path: { key: name }, query: { versionId } }),
    decode: ({ headers }) => describe(headers),
    output: described,
    example: { headers: shownHeaders },
  }),
  list: endpoint('GET /', {
    summary: 'Lists objects in the order of their keys, a thousand at a time; with a delimiter, folders as `prefixes`.',
    input: given(
      {},
      {
        prefix: z
          .string()
          .min(1)
          .max(1024)
          .meta({ examples: ['photos/'] }),
        delimiter: z
          .string()
          .min(1)
          .meta({ examples: ['/'] }),
        maxKeys: z.int().min(1).max(1000),
        startAfter: z.string().min(1),
        continuationToken: z.string().min(1),
      },
    ),
    encode: ({ maxKeys, startAfter, continuationToken, ...filter }) => ({
      query: {
        'list-type': 2,
        'encoding-type': 'url',
        ...filter,
        'max-keys': maxKeys,
        'start-after': startAfter,
        'continuation-token': continuationToken,
      },
    }),
    decode: readList,
    output: like({
      items: [
        like(
          { key: 'photos/2026/tea.jpg', size: 434234 },
          { etag: shownTag, lastModified: shownTime, storageClass: 'STANDARD' },
        ),
      ],
      prefixes: ['photos/2026/'],
    }).extend({ next: z.string().optional() }),
    paging: {
      items: ({ items }) => items,
      next: ({ next }, input) => (next === undefined ? undefined : { ...input, continuationToken: next }),
    },
    example: xmlExample('ListBucketResult', shownList),
  }),
  remove: endpoint('DELETE /{+key}', {
    summary: 'Removes an object; one that is not there is as good as removed.',
    repeat: 'safe',
    input: given({ key }, version),
    encode: ({ key: name, versionId }) => ({ path: { key: name }, query: { versionId } }),
    output: z.unknown().transform(() => undefined),
    example: { status: 204 },
  }),
  removeMany: endpoint('POST /', {
    summary: 'Removes up to a thousand objects; `failed` names those that the service kept.',
    repeat: 'safe',
    input: given({ keys: z.array(key).min(1).max(1000) }),
    encode: ({ keys }) => ({
      query: { delete: '' },
      headers: { 'content-type': 'application/xml' },
      body: `<Delete ${namespace}><Quiet>true</Quiet>${keys.map((name) => `<Object>${element('Key', name)}</Object>`).join('')}</Delete>`,
    }),
    decode: (answer) => ({
      failed: children(rootOf(answer, 'DeleteResult'), 'Error').map((item) => ({
        key: textAt(item, 'Key'),
        code: textAt(item, 'Code'),
        message: textAt(item, 'Message'),
      })),
    }),
    output: like({ failed: [like({ key: 'a.txt', code: 'AccessDenied' }, { message: 'Access Denied' })] }),
    example: xmlExample('DeleteResult', '<Error><Key>a.txt</Key><Code>AccessDenied</Code></Error>'),
  }),
  copy: endpoint('PUT /{+key}', {
    summary: 'Copies an object of up to 5 GB within the service, from this bucket or another one.',
    repeat: 'safe',
    ...slow,
    input: given(
      { key, from: key },
      { fromBucket: z.string().regex(/^[a-z0-9.-]{3,63}$/), fromVersionId: header, ...facts },
    ),
    encode: ({ key: name, from, fromBucket, fromVersionId, ...rest }, api) => {
      const source = `/${fromBucket ?? bucketOf(api)}/${from.split('/').map(encodePart).join('/')}`;
      const changed = Object.values(rest).some((value) => value !== undefined);
      return {
        path: { key: name },
        headers: {
          ...factHeaders(rest),
          'x-amz-copy-source':
            fromVersionId === undefined ? source : `${source}?versionId=${encodePart(fromVersionId)}`,
          ...(changed && { 'x-amz-metadata-directive': 'REPLACE' }),
        },
      };
    },
    decode: (answer) => {
      const root = rootOf(answer, 'CopyObjectResult');
      return { etag: unquoted(textAt(root, 'ETag')), lastModified: textAt(root, 'LastModified') };
    },
    output: like({ etag: shownTag }, { lastModified: shownTime }),
    example: xmlExample('CopyObjectResult', `<LastModified>${shownTime}</LastModified><ETag>"${shownTag}"</ETag>`),
  }),
};

export function bucketOf(api: Api): string {
  return reveal(credentialsOf(api)['bucket'] ?? '');
}
