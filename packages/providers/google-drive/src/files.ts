/** Files and folders: https://developers.google.com/workspace/drive/api/reference/rest/v3/files (2026-11-20). */
import { checkAnswer, endpoint, isPlugboardError, operation } from '@plugboard/core';
import type { Answer, Api, CallOptions, FileContent, RawRequest } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';
import { pageToken } from '@plugboard/google';

import {
  allDrives,
  anyDrive,
  anyId,
  asked,
  costs,
  described,
  facts,
  file,
  fileFields,
  fileId,
  filePage,
} from './schemas.ts';
import { filePages, folderOf, name, needs, newFile, search, searchOf, withFields, type DriveFile } from './schemas.ts';
import { sendContent, sizeOf, unit, type Content } from './upload.ts';

const create = endpoint('POST /files', {
  summary: 'Makes a folder or a file without content.',
  ...facts('files/create', costs.write, needs.change),
  input: given({ name }, { ...newFile, ...asked }),
  encode: ({ fields: names, ...json }, api) => ({ query: withFields(names), json: inFolder(json, api) }),
  output: file,
});

const get = endpoint('GET /files/{fileId}', {
  summary: 'Reads what is known of a file.',
  ...facts('files/get', costs.read),
  input: given({ fileId }, asked),
  encode: ({ fields: names }) => ({ query: withFields(names) }),
  output: file,
});

/** The folder of the settings, where a new file names none. */
function inFolder<New extends { readonly parents?: string[] | undefined }>(input: New, api: Api): New {
  const folder = folderOf(api);
  return input.parents === undefined && folder !== undefined ? { ...input, parents: [folder] } : input;
}

/** A session takes the bytes for a week, from whoever has its address: keep it like a password. */
const sessionUrl = z.string().regex(/^https:\/\/www\.googleapis\.com\/upload\/drive\/v3\//);
const sessionOf = {
  baseUrl: 'https://www.googleapis.com/upload/drive/v3',
  decode: (answer: Answer) => answer.headers.get('location'),
  output: sessionUrl,
};
const sessionExample = { location: 'https://www.googleapis.com/upload/drive/v3/files?upload_id=ABPtcPo-example' };
const contentFacts = { ...asked, contentType: z.string().regex(/^[^\r\n]+$/), size: z.int().min(0) };

const inSession = ({ fields: names, contentType, size, ...json }: SessionInput) => ({
  query: { uploadType: 'resumable', ...withFields(names) },
  json,
  headers: {
    ...(contentType !== undefined && { 'x-upload-content-type': contentType }),
    ...(size !== undefined && { 'x-upload-content-length': String(size) }),
  },
});
interface SessionInput {
  readonly fields?: string | undefined;
  readonly contentType?: string | undefined;
  readonly size?: number | undefined;
}

export const uploads = {
  begin: endpoint('POST /files', {
    summary: 'Begins the upload of a new file, and tells the address that takes its bytes.',
    ...facts('files/create', costs.write, needs.change),
    ...sessionOf,
    input: given({ name }, { ...newFile, ...contentFacts }),
    encode: (input, api) => inSession(inFolder(input, api)),
    example: { headers: sessionExample },
  }),
  beginAgain: endpoint('PATCH /files/{fileId}', {
    summary: 'Begins the upload of another content of a file.',
    ...facts('files/update', costs.write, needs.describe),
    ...sessionOf,
    input: given({ fileId }, { name, ...described, ...contentFacts }),
    encode: ({ fileId: id, ...input }) => ({ path: { fileId: id }, ...inSession(input) }),
    example: { headers: sessionExample },
  }),
};

const bytes = z.custom<Uint8Array | string | AsyncIterable<Uint8Array>>(
  (value) => typeof value === 'string' || value instanceof Uint8Array || Symbol.asyncIterator in Object(value),
  { error: 'must be bytes, a text or an iterable of bytes' },
);
const sent = {
  ...contentFacts,
  /** Bytes of one request: a multiple of 262,144. Default 8 MB. */
  pieceBytes: z.int().min(unit).multipleOf(unit),
};

async function upload(
  api: Api,
  content: Content,
  begin: (size: number | undefined) => Promise<string>,
  options: CallOptions,
): Promise<DriveFile> {
  const session = await begin(sizeOf(content));
  return checkAnswer(file, await sendContent(api, session, content, options), 'The uploaded file');
}

/** The content of a file, read while it comes. */
async function read(api: Api, request: Pick<RawRequest, 'url' | 'path' | 'query' | 'headers'>, options: CallOptions) {
  const { headers, body } = await api.stream({ method: 'GET', cost: costs.download, ...request }, options);
  const size = Number(headers.get('content-length') ?? Number.NaN);
  const contentType = headers.get('content-type');
  return {
    ...(contentType !== null && { contentType }),
    ...(!Number.isNaN(size) && { size }),
    body,
  } satisfies FileContent;
}

/** Files and folders; the portable capability `files` is made of them. */
export const drive = {
  list: endpoint('GET /files', {
    summary: 'Searches for files; texts are quoted, so that none of them can change the search.',
    ...facts('files/list', costs.list),
    input: search.extend(
      given(
        {},
        {
          pageSize: z.int().min(1).max(1000),
          orderBy: z.string().regex(/^[\w, ]+$/),
          spaces: z.enum(['drive', 'appDataFolder']),
          corpora: z.enum(['user', 'drive', 'allDrives']),
          driveId: z.string().min(1),
          ...asked,
          pageToken,
        },
      ).shape,
    ),
    encode: ({ pageSize = 100, fields: names = fileFields, ...input }) => {
      const { orderBy, spaces, corpora, driveId, pageToken: token, ...wanted } = input;
      const where = { orderBy, spaces, corpora, driveId, pageToken: token };
      // Without a size the vendor decides how many there are.
      const what = { pageSize, fields: `nextPageToken,incompleteSearch,files(${names})` };
      return { query: { ...anyDrive, q: searchOf(wanted), ...what, ...where } };
    },
    output: filePage,
    paging: filePages,
  }),
  get,
  create,
  ensure: operation({
    summary: 'Makes a file under an id of `generateIds`, or reads it where it is there already: safe to call again.',
    docs: 'https://developers.google.com/workspace/drive/api/guides/create-file',
    scopes: [needs.change],
    input: given({ id: fileId, name }, { ...described, parents: newFile.parents, ...asked }),
    run: (api, input, options) =>
      api.call(create, input, options).catch((error: unknown) => {
        if (!isPlugboardError(error) || error.status !== 409) throw error;
        return api.call(get, { fileId: input.id, ...(input.fields && { fields: input.fields }) }, options);
      }),
  }),
  upload: operation({
    summary: 'Uploads a new file of any size, in pieces that go on where they broke off.',
    docs: 'https://developers.google.com/workspace/drive/api/guides/manage-uploads',
    scopes: [needs.change],
    input: given({ name, data: bytes }, { ...newFile, ...sent }),
    run(api, { data, pieceBytes, size, ...input }, options) {
      const begin = (whole?: number) => api.call(uploads.begin, { ...input, size: whole }, options);
      return upload(api, { data, pieceBytes, size }, begin, options);
    },
    example: { input: { name: 'report.txt', data: 'Hello' } },
  }),
  replace: operation({
    summary: 'Uploads another content of a file.',
    docs: 'https://developers.google.com/workspace/drive/api/guides/manage-uploads',
    scopes: [needs.describe],
    input: given({ fileId, data: bytes }, { name, ...described, ...sent }),
    run(api, { data, pieceBytes, size, ...input }, options) {
      const begin = (whole?: number) => api.call(uploads.beginAgain, { ...input, size: whole }, options);
      return upload(api, { data, pieceBytes, size }, begin, options);
    },
    example: { input: { fileId: '1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g', data: 'Hello' } },
  }),
  download: operation({
    summary: 'Reads the content of a file while it comes, all of it or a range of bytes.',
    docs: 'https://developers.google.com/workspace/drive/api/guides/manage-downloads',
    scopes: [needs.see],
    input: given(
      { fileId },
      {
        range: z.strictObject({ first: z.int().min(0), last: z.int().min(0).optional() }),
        /** Takes what the vendor calls abusive. */
        acknowledgeAbuse: z.boolean(),
      },
    ),
    run: (api, { fileId: id, range, acknowledgeAbuse }, options) => {
      const headers = range && { range: `bytes=${range.first}-${range.last ?? ''}` };
      const query = { alt: 'media', ...allDrives, acknowledgeAbuse };
      return read(api, { url: '/files/{fileId}', path: { fileId: id }, query, ...(headers && { headers }) }, options);
    },
  }),
  export: operation({
    summary: 'Reads a document of Google’s own in another form, up to 10 MB.',
    docs: 'https://developers.google.com/workspace/drive/api/reference/rest/v3/files/export',
    scopes: [needs.export],
    input: given({ fileId, mimeType: 'application/pdf' }),
    run: (api, { fileId: id, mimeType }, options) =>
      read(api, { url: '/files/{fileId}/export', path: { fileId: id }, query: { mimeType } }, options),
  }),
  update: endpoint('PATCH /files/{fileId}', {
    summary: 'Changes what is known of a file, moves it, or puts it into the trash.',
    ...facts('files/update', costs.write, needs.describe),
    input: given(
      { fileId },
      {
        name,
        ...described,
        trashed: z.boolean(),
        addParents: anyId,
        removeParents: anyId,
        ...asked,
      },
    ),
    encode: ({ fileId: id, addParents, removeParents, fields: names, ...json }) => ({
      path: { fileId: id },
      query: { ...withFields(names), addParents, removeParents },
      json,
    }),
    output: file,
    repeat: 'safe',
  }),
  copy: endpoint('POST /files/{fileId}/copy', {
    summary: 'Copies a file.',
    ...facts('files/copy', costs.write, needs.change),
    input: given({ fileId }, { name, ...newFile, ...asked }),
    encode: ({ fileId: id, fields: names, ...json }, api) => ({
      path: { fileId: id },
      query: withFields(names),
      json: inFolder(json, api),
    }),
    output: file,
  }),
  delete: endpoint('DELETE /files/{fileId}', {
    summary: 'Deletes a file for good, past the trash.',
    ...facts('files/delete', costs.write, needs.change),
    input: given({ fileId }),
    encode: () => ({ query: allDrives }),
    output: nothing,
    example: { status: 204 },
  }),
  generateIds: endpoint('GET /files/generateIds', {
    summary: 'Reserves ids for new files.',
    ...facts('files/generateIds', costs.read, needs.change),
    input: given({ count: z.int().min(1).max(1000) }, { space: z.enum(['drive', 'appDataFolder']) }),
    output: like({ ids: ['1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g'] }),
  }),
};
