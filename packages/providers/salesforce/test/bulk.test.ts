import { describe, expect, test } from 'vitest';

import { bulkJobs } from '../src/bulk.ts';
import { connected, read } from './rig.ts';

describe('bulk jobs', () => {
  const jobId = '7505fEXAMPLE4C2AAM';

  test('go from CSV to results that are read as they are', async () => {
    const { client, sent } = await connected();
    const { id, state } = await client.bulkJobs.create({
      object: 'Account',
      operation: 'upsert',
      externalIdFieldName: 'Key__c',
    });
    expect([id, state]).toEqual([jobId, 'Open']);
    await client.bulkJobs.upload({ jobId, csv: 'Key__c,Name\nc-1,Ä\n' });
    await client.bulkJobs.start({ jobId });
    const { csv } = await client.bulkJobs.failures({ jobId });
    expect(csv).toContain('"sf__Error"');
    expect(
      sent.map(({ method, url, headers, text }) => [method, url.pathname.slice(20), headers.get('content-type'), text]),
    ).toEqual([
      [
        'POST',
        '/jobs/ingest',
        'application/json',
        '{"contentType":"CSV","object":"Account","operation":"upsert","externalIdFieldName":"Key__c"}',
      ],
      ['PUT', `/jobs/ingest/${jobId}/batches`, 'text/csv', 'Key__c,Name\nc-1,Ä\n'],
      ['PATCH', `/jobs/ingest/${jobId}`, 'application/json', '{"state":"UploadComplete"}'],
      ['GET', `/jobs/ingest/${jobId}/failedResults`, null, ''],
    ]);
    expect(sent.at(-1)!.headers.get('accept')).toBe('text/csv');
  });

  test.each([{ operation: 'upsert' }, { operation: 'insert', externalIdFieldName: 'Key__c' }] as const)(
    'an external id is for upserts, and needed by them: %j',
    async (job) => {
      const { client, sent } = await connected();
      const asking = client.bulkJobs.create({ object: 'Account', ...job });
      await expect(asking).rejects.toMatchObject({ fields: [{ path: 'externalIdFieldName' }] });
      expect(sent).toEqual([]);
    },
  );

  test('an upload is as large as the vendor counts it, in bytes', async () => {
    const { client, sent } = await connected();
    // Two bytes each: half as many characters as bytes are as much as may be sent.
    const most = 'é'.repeat(50_000_000);
    await expect(client.bulkJobs.upload({ jobId, csv: `${most}a` })).rejects.toMatchObject({
      kind: 'invalid_request',
      fields: [{ path: 'csv', message: 'must be at most 100,000,000 bytes' }],
    });
    expect(sent).toEqual([]);
    expect(await bulkJobs.upload.input['~standard'].validate({ jobId, csv: most })).not.toHaveProperty('issues');
  });

  const piece = (locator: string) => new Response('Name\na\n', { headers: { 'sforce-locator': locator } });

  test('a query is read piece by piece, until the locator is the word null', async () => {
    const { client, sent } = await connected(({ url }) => piece(url.searchParams.has('locator') ? 'null' : 'MTAwMDA'));
    expect(await read(client.bulkQueries.pieces({ jobId, maxRecords: 1 }))).toEqual(['Name\na\n', 'Name\na\n']);
    expect(sent.map(({ url }) => url.search)).toEqual(['?maxRecords=1', '?locator=MTAwMDA&maxRecords=1']);
  });

  test('a query that names the same piece again ends with an error', async () => {
    const { client, sent } = await connected(() => piece('MTAwMDA'));
    await expect(read(client.bulkQueries.pieces({ jobId }))).rejects.toMatchObject({ code: 'paging_loop' });
    expect(sent).toHaveLength(2);
  });

  test('deleted rows are another operation', async () => {
    const { client, sent } = await connected();
    await client.bulkQueries.create({ soql: 'SELECT Id FROM Account', includeDeleted: true });
    expect(sent[0]!.json).toEqual({
      operation: 'queryAll',
      query: 'SELECT Id FROM Account',
      contentType: 'CSV',
    });
  });
});
