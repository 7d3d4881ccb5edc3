/**
 * Jobs for many records, as CSV: Bulk API 2.0.
 * @see https://developer.salesforce.com/docs/platform/api-asynch/guide/bulk-api-2-0.html (2026-11-28)
 */
import { encodeUtf8, endpoint, stream, type Answer, type Api, type CallOptions } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { idLike, name, type } from './operations.ts';
import { pagingLoop } from './soql.ts';

const scopes = ['api'];
const deadlineMs = 300_000;
const states = z.enum(['Open', 'UploadComplete', 'InProgress', 'JobComplete', 'Failed', 'Aborted']);
const shown = {
  operation: 'insert',
  object: 'Account',
  createdById: '0055fEXAMPLEtG4AAM',
  createdDate: '2026-11-20T10:00:00.000+0000',
  contentType: 'CSV',
  apiVersion: 68,
  lineEnding: 'LF',
  columnDelimiter: 'COMMA',
};
/** A state that is added some day is no failure. */
const job = (id: string, state: z.infer<typeof states>, more: Partial<typeof shown> = {}) =>
  like(
    { id, state: z.union([states, z.string()]).meta({ examples: [state] }) },
    { ...shown, ...more, numberRecordsProcessed: 0, numberRecordsFailed: 0, errorMessage: z.string() },
  );

const ingestId = '7505fEXAMPLE4C2AAM';
const ingest = { jobId: idLike(ingestId) };
const columnDelimiter = z.enum(['COMMA', 'SEMICOLON', 'TAB', 'PIPE', 'CARET', 'BACKQUOTE']);
const lineEnding = z.enum(['LF', 'CRLF']);
const asCsv = () => ({ headers: { accept: 'text/csv' } });
const readCsv = (answer: Answer) => {
  const locator = answer.headers.get('sforce-locator') ?? 'null';
  return { csv: answer.text(), ...(locator !== 'null' && { locator }) };
};

function results(kind: 'successfulResults' | 'failedResults' | 'unprocessedrecords', summary: string, csv: string) {
  return endpoint(`GET /jobs/ingest/{jobId}/${kind}`, {
    summary,
    scopes,
    deadlineMs,
    maxBytes: 200_000_000,
    input: given(ingest),
    encode: asCsv,
    decode: readCsv,
    output: z.object({ csv: z.string() }),
    example: { answer: csv, headers: { 'content-type': 'text/csv' } },
  });
}

/** Of the CSV as it is sent: https://developer.salesforce.com/docs/platform/api-asynch/guide/upload-job-data.html (2026-11-29). */
const mostUploaded = 100_000_000;

/** A character takes 1 to 3 bytes: most texts need not be encoded to be judged. */
function fitsUpload(csv: string): boolean {
  if (3 * csv.length <= mostUploaded) return true;
  return csv.length <= mostUploaded && encodeUtf8(csv).byteLength <= mostUploaded;
}

/** Create, upload, `start`, ask until the state is `JobComplete`, read the results. */
export const bulkJobs = {
  create: endpoint('POST /jobs/ingest', {
    summary: 'Opens a job that changes many records.',
    scopes,
    input: given(
      { object: type, operation: z.enum(['insert', 'update', 'upsert', 'delete', 'hardDelete']) },
      { externalIdFieldName: name, columnDelimiter, lineEnding, assignmentRuleId: idLike('01Q5fEXAMPLEtG4AAM') },
    )
      .refine(({ operation, externalIdFieldName: field }) => (operation === 'upsert') === (field !== undefined), {
        path: ['externalIdFieldName'],
        error: 'is needed for `upsert`, and for nothing else',
      })
      .meta({ examples: [{ object: 'Account', operation: 'insert' }] }),
    encode: (input) => ({ json: { contentType: 'CSV', ...input } }),
    output: job(ingestId, 'Open'),
  }),
  upload: endpoint('PUT /jobs/ingest/{jobId}/batches', {
    summary: 'Uploads the records of an open job, once: CSV with a line of names, up to 100 MB.',
    scopes,
    deadlineMs,
    input: given({
      ...ingest,
      csv: z
        .string()
        .min(1)
        .refine(fitsUpload, { error: 'must be at most 100,000,000 bytes' })
        .meta({ examples: ['Name,NumberOfEmployees\nAcme,12\n'] }),
    }),
    encode: ({ csv }) => ({ body: csv, headers: { 'content-type': 'text/csv' } }),
    output: nothing,
    example: { status: 201 },
  }),
  start: endpoint('PATCH /jobs/ingest/{jobId}', {
    summary: 'Tells that all is uploaded, and has the job done.',
    scopes,
    input: given(ingest),
    encode: () => ({ json: { state: 'UploadComplete' } }),
    output: job(ingestId, 'UploadComplete'),
  }),
  abort: endpoint('PATCH /jobs/ingest/{jobId}', {
    summary: 'Gives a job up; what it has changed stays changed.',
    repeat: 'safe',
    scopes,
    input: given(ingest),
    encode: () => ({ json: { state: 'Aborted' } }),
    output: job(ingestId, 'Aborted'),
  }),
  get: endpoint('GET /jobs/ingest/{jobId}', {
    summary: 'Reads how far a job is.',
    scopes,
    input: given(ingest),
    output: job(ingestId, 'JobComplete'),
  }),
  successes: results(
    'successfulResults',
    'Reads the records that a job has changed, with `sf__Id` and `sf__Created`.',
    '"sf__Id","sf__Created","Name"\n"0018c00002FInkZAAT","true","Acme"\n',
  ),
  failures: results(
    'failedResults',
    'Reads the records that a job could not change, with `sf__Error`.',
    '"sf__Id","sf__Error","Name"\n"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",""\n',
  ),
  unprocessed: results('unprocessedrecords', 'Reads the records that a failed job never came to.', 'Name\n'),
  delete: endpoint('DELETE /jobs/ingest/{jobId}', {
    summary: 'Deletes a job that has ended.',
    repeat: 'safe',
    scopes,
    input: given(ingest),
    output: nothing,
    example: { status: 204 },
  }),
};

const queryId = '7505fEXAMPLE4X2AAM';
const query = { jobId: idLike(queryId) };
const asked = { operation: 'query' };

const maxRecords = z.int().min(1);
const found = endpoint('GET /jobs/query/{jobId}/results', {
  summary: 'Reads a piece of what a query has found, beginning with a line of names; `locator` is that of the next.',
  scopes,
  deadlineMs,
  maxBytes: 200_000_000,
  input: given(query, { locator: z.string().regex(/^[\w+/=-]{1,256}$/), maxRecords }),
  encode: ({ locator, maxRecords }) => ({ ...asCsv(), query: { locator, maxRecords } }),
  decode: readCsv,
  output: z.object({ csv: z.string(), locator: z.string().optional() }),
  // The vendor writes the word after the last piece.
  example: {
    answer: '"Id","Name"\n"005R0000000UyrWIAS","Jane Dunn"\n',
    headers: { 'content-type': 'text/csv', 'sforce-locator': 'null', 'sforce-numberofrecords': '1' },
  },
});

interface Asked {
  readonly jobId: string;
  readonly maxRecords?: number | undefined;
}

async function* readPieces(api: Api, input: Asked, options: CallOptions) {
  const seen = new Set<string | undefined>();
  for (let locator: string | undefined; !seen.has(locator);) {
    seen.add(locator);
    const piece = await api.call(found, { ...input, ...(locator !== undefined && { locator }) }, options);
    yield piece.csv;
    if (piece.locator === undefined) return;
    locator = piece.locator;
  }
  throw pagingLoop();
}

export const bulkQueries = {
  create: endpoint('POST /jobs/query', {
    summary: 'Begins a query of many records.',
    scopes,
    input: given(
      { soql: 'SELECT Id, Name FROM Account' },
      { includeDeleted: z.boolean(), columnDelimiter, lineEnding },
    ),
    encode: ({ soql, includeDeleted, ...rest }) => ({
      json: { operation: includeDeleted === true ? 'queryAll' : 'query', query: soql, contentType: 'CSV', ...rest },
    }),
    output: job(queryId, 'UploadComplete', asked),
  }),
  get: endpoint('GET /jobs/query/{jobId}', {
    summary: 'Reads how far a query is.',
    scopes,
    input: given(query),
    output: job(queryId, 'JobComplete', asked),
  }),
  abort: endpoint('PATCH /jobs/query/{jobId}', {
    summary: 'Gives a query up.',
    repeat: 'safe',
    scopes,
    input: given(query),
    encode: () => ({ json: { state: 'Aborted' } }),
    output: job(queryId, 'Aborted', asked),
  }),
  results: found,
  pieces: stream({
    summary: 'Reads all that a query has found, piece by piece.',
    scopes,
    input: given(query, { maxRecords }),
    run: readPieces,
  }),
  delete: endpoint('DELETE /jobs/query/{jobId}', {
    summary: 'Deletes a query that has ended, and what it found.',
    repeat: 'safe',
    scopes,
    input: given(query),
    output: nothing,
    example: { status: 204 },
  }),
};
