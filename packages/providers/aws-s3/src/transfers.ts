/** What is more than one request, or none: uploads in parts, downloads while they come, addresses for browsers. */
import { encodeUtf8, endpoint, invalidInput, operation } from '@plugboard/core';
import type { Api, CallOptions, FilesCapability } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { addressOf, credentialsOf, keysOf, regionOf } from './access.ts';
import { element, rootOf, textAt } from './answers.ts';
import { describe, etag, factHeaders, facts, key, namespace, object, objects, rangeHeader } from './objects.ts';
import { readFields, readReceipt, receipt, shownTag, slow, tagged, unquoted, xmlExample } from './objects.ts';
import { encodePart, presign as sign } from './sign.ts';

const mebibyte = 1024 * 1024;
const mostParts = 10_000;
const weekSeconds = 604_800;

const uploadId = 'VXBsb2FkIElEIGZvciBlbHZpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA';
const joinedTag = '3858f62230ac3c915f300c664312c11f-9';
const part = { key, uploadId };
const partNumber = z.int().min(1).max(mostParts);

function partElement(done: { readonly partNumber: number; readonly etag: string }): string {
  return `<Part>${element('PartNumber', done.partNumber)}${element('ETag', `"${done.etag}"`)}</Part>`;
}

/** The steps of `objects.upload`. Parts have at least 5 MiB, but for the last one. */
export const uploads = {
  create: endpoint('POST /{+key}', {
    summary: 'Begins an upload in parts.',
    input: given({ key }, facts),
    encode: ({ key: name, ...rest }) => ({ path: { key: name }, query: { uploads: '' }, headers: factHeaders(rest) }),
    decode: (answer) => ({ uploadId: textAt(rootOf(answer, 'InitiateMultipartUploadResult'), 'UploadId') }),
    output: like({ uploadId }),
    example: xmlExample('InitiateMultipartUploadResult', element('UploadId', uploadId)),
  }),
  part: endpoint('PUT /{+key}', {
    summary: 'Stores one part.',
    repeat: 'safe',
    ...slow,
    input: given({ ...part, partNumber, body: object.body }),
    encode: ({ key: name, body, ...query }) => ({ path: { key: name }, query, body }),
    decode: readReceipt,
    output: receipt,
    example: tagged,
  }),
  complete: endpoint('POST /{+key}', {
    summary: 'Makes one object of the parts.',
    ...slow,
    input: given({ ...part, parts: z.array(given({ partNumber, etag: etag.meta({ examples: [shownTag] }) })).min(1) }),
    encode: ({ key: name, uploadId: id, parts }) => ({
      path: { key: name },
      query: { uploadId: id },
      headers: { 'content-type': 'application/xml' },
      body: `<CompleteMultipartUpload ${namespace}>${parts.map(partElement).join('')}</CompleteMultipartUpload>`,
    }),
    decode: (answer) => ({ etag: unquoted(textAt(rootOf(answer, 'CompleteMultipartUploadResult'), 'ETag')) }),
    output: like({ etag: joinedTag }),
    example: xmlExample('CompleteMultipartUploadResult', element('ETag', `"${joinedTag}"`)),
  }),
  abort: endpoint('DELETE /{+key}', {
    summary: 'Drops an upload and the parts that it has, which would be charged for otherwise.',
    repeat: 'safe',
    input: given(part),
    encode: ({ key: name, uploadId: id }) => ({ path: { key: name }, query: { uploadId: id } }),
    output: z.unknown().transform(() => undefined),
    example: { status: 204 },
  }),
};

type Chunk = Uint8Array | string;
const isChunks = (value: unknown) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
const chunks = z.custom<AsyncIterable<Chunk>>(isChunks, { error: 'must be an async iterable of bytes or texts' });

/** For the example: unlike a generator it can be read again. */
const shownChunks: AsyncIterable<Chunk> = {
  async *[Symbol.asyncIterator]() {
    yield 'Welcome to Amazon S3.';
  },
};

export const upload = operation({
  summary: 'Stores what an async iterable yields, in parts where it is long; a failure leaves no parts behind.',
  input: given(
    { key, body: chunks },
    {
      ...facts,
      partSizeBytes: z
        .int()
        .min(5 * mebibyte)
        .max(5 * 1024 * mebibyte),
    },
  ),
  async run(api, { key: name, body, partSizeBytes = 8 * mebibyte, ...rest }, { signal, priority }) {
    const options = { ...(signal && { signal }), ...(priority !== undefined && { priority }) };
    const parts = inParts(body, partSizeBytes);
    try {
      const first = (await parts.next()).value ?? new Uint8Array();
      const second = await parts.next();
      if (second.done === true) return await api.call(objects.put, { key: name, body: first, ...rest }, options);
      return await uploadParts(api, { key: name, facts: rest, parts: joined([first, second.value], parts) }, options);
    } finally {
      await parts.return(undefined);
    }
  },
  example: { input: { key: 'photos/2026/tea.jpg', body: shownChunks } },
});

interface Upload {
  readonly key: string;
  readonly facts: object;
  readonly parts: AsyncIterable<Uint8Array>;
}

async function uploadParts(api: Api, { key: name, facts: rest, parts }: Upload, options: CallOptions) {
  const { uploadId } = await api.call(uploads.create, { key: name, ...rest }, options);
  try {
    const done: { partNumber: number; etag: string }[] = [];
    for await (const body of parts) {
      const partNumber = done.length + 1;
      if (partNumber > mostParts) throw tooManyParts();
      const { etag } = await api.call(uploads.part, { key: name, uploadId, partNumber, body }, options);
      done.push({ partNumber, etag });
    }
    return await api.call(uploads.complete, { key: name, uploadId, parts: done }, options);
  } catch (error) {
    // Also after an abort of the caller's, and whatever becomes of it: the first failure is the one to tell.
    await api.call(uploads.abort, { key: name, uploadId }).catch(() => undefined);
    throw error;
  }
}

function tooManyParts() {
  return invalidInput('The upload', [
    { path: 'partSizeBytes', message: `is too small: there would be more than ${mostParts} parts` },
  ]);
}

async function* joined(head: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
}

/** Parts of exactly that size, but for the last one: some services take no others. */
async function* inParts(source: AsyncIterable<Chunk>, size: number): AsyncGenerator<Uint8Array, undefined, undefined> {
  let part = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of source) {
    let bytes = typeof chunk === 'string' ? encodeUtf8(chunk) : chunk;
    while (bytes.byteLength > 0) {
      const taken = bytes.subarray(0, size - filled);
      part.set(taken, filled);
      filled += taken.byteLength;
      bytes = bytes.subarray(taken.byteLength);
      if (filled < size) continue;
      yield part;
      part = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
  return undefined;
}

const reading = given({ key }, readFields);

export const download = operation({
  summary: 'Reads an object of any size while it comes.',
  input: reading,
  run: (api, input, options) => open(api, input, options),
});

async function open(api: Api, { key: name, range, versionId }: z.output<typeof reading>, options?: CallOptions) {
  const { headers, body } = await api.stream(
    { method: 'GET', url: '/{+key}', path: { key: name }, query: { versionId }, headers: rangeHeader(range) },
    options,
  );
  return { ...describe(headers), body };
}

const address = given(
  { key },
  {
    method: z.enum(['GET', 'PUT']),
    expiresSeconds: z.int().min(1).max(weekSeconds),
    versionId: readFields.versionId,
    contentType: facts.contentType,
    downloadAs: facts.contentDisposition,
  },
);

export const presign = operation({
  summary: 'Makes an address with which anybody may read or store one object until it ends. Sends nothing.',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html',
  input: address.refine(
    ({ method, contentType, downloadAs, versionId }) =>
      method === 'PUT' ? downloadAs === undefined && versionId === undefined : contentType === undefined,
    { error: 'contentType is for PUT; versionId and downloadAs are for GET' },
  ),
  run: (api, input) => presigned(api, input),
});

/** An address dies with the temporary keys that it was signed with, whatever it says itself. */
async function presigned(api: Api, input: z.output<typeof address>) {
  const { key: name, method = 'GET', expiresSeconds = 900, versionId, contentType, downloadAs } = input;
  const credentials = credentialsOf(api);
  const url = new URL(`${addressOf(credentials).base}/${name.split('/').map(encodePart).join('/')}`);
  if (versionId !== undefined) url.searchParams.set('versionId', versionId);
  if (downloadAs !== undefined) url.searchParams.set('response-content-disposition', downloadAs);
  // What is signed here must be sent exactly so.
  const headers = new Headers(contentType === undefined ? {} : { 'content-type': contentType });
  const at = api.clock.now();
  const scope = { region: regionOf(credentials), service: 's3', at };
  await sign({ method, url, headers }, keysOf(credentials), scope, { expiresSeconds, payloadHash: 'UNSIGNED-PAYLOAD' });
  return {
    method,
    url: url.href,
    headers: Object.fromEntries(headers),
    expiresAt: new Date(Math.floor(at / 1000) * 1000 + expiresSeconds * 1000),
  };
}

export const settings = z.strictObject({
  folder: z
    .string()
    .regex(/^[^/].*[^/]$|^[^/]$/)
    .optional()
    .meta({ title: 'Folder', description: 'Where files go that name no folder.', examples: ['uploads'] }),
});

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

export function files(api: Api): FilesCapability {
  const prefixOf = (folder = api.settings(settings).folder ?? '') =>
    folder === '' ? '' : `${folder.replace(/(?<!\/)\/+$/, '')}/`;
  return {
    async put({ name, data, contentType, folder }, options) {
      const id = prefixOf(folder) + name;
      await api.call(objects.put, { key: id, body: data, ...(contentType !== undefined && { contentType }) }, options);
      const size = typeof data === 'string' ? encodeUtf8(data).byteLength : data.byteLength;
      return { id, name: nameOf(id), size, ...(contentType !== undefined && { contentType }) };
    },
    async get(id, options) {
      const { contentType, size, body } = await open(api, { key: id }, options);
      return { body, ...(contentType !== undefined && { contentType }), ...(size !== undefined && { size }) };
    },
    async *list({ folder } = {}, options) {
      const prefix = prefixOf(folder);
      for await (const { items } of api.pages(objects.list, prefix === '' ? {} : { prefix }, options)) {
        for (const { key: id, size, lastModified } of items) {
          // What a console shows as a folder is an object without a name.
          if (id.endsWith('/')) continue;
          yield { id, name: nameOf(id), size, ...(lastModified && { modifiedAt: new Date(lastModified) }) };
        }
      }
    },
    async delete(id, options) {
      await api.call(objects.remove, { key: id }, options);
    },
    async url(id, { expiresInMs = 900_000 } = {}) {
      const expiresSeconds = Math.ceil(expiresInMs / 1000);
      if (!(expiresSeconds >= 1 && expiresSeconds <= weekSeconds)) {
        throw invalidInput('The address', [
          { path: 'expiresInMs', message: 'must be from a millisecond to seven days' },
        ]);
      }
      const { url, expiresAt } = await presigned(api, { key: id, expiresSeconds });
      return { url, expiresAt };
    },
  };
}
