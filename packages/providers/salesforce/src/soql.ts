/** Queries, and values in them: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/ (2026-11-20). */
import { endpoint, invalidInput, PlugboardError, stream, type Api, type CallOptions } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

/** What may stand in a query; a list becomes `(a, b)` for `IN`. */
export type SoqlValue = string | number | boolean | null | Date | readonly (string | number)[];

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/**
 * A query in which every value is quoted. Names of objects and fields are no values: they belong into the text.
 * @example soql`SELECT Id FROM Contact WHERE Email = ${email} AND CreatedDate > ${since}`
 * @throws PlugboardError code `invalid_input` for what has no literal: NaN, an invalid date, an empty list.
 */
export function soql(texts: TemplateStringsArray, ...values: readonly SoqlValue[]): string {
  return texts.reduce((query, text, index) => query + literal(values[index - 1], index - 1) + text);
}

function literal(value: SoqlValue | undefined, index: number): string {
  if (typeof value === 'string') return `'${value.replaceAll(/[\\'"\n\r\t\b\f]/g, (found) => escapes[found]!)}'`;
  if (typeof value === 'boolean' || value === null) return String(value);
  // An exponent is no number of SOQL.
  if (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(String(value))) return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (Array.isArray(value) && value.length > 0) {
    return `(${(value as readonly (string | number)[]).map((item) => literal(item, index)).join(', ')})`;
  }
  throw invalidInput('The query', [{ path: `value ${index + 1}`, message: 'has no form in SOQL' }]);
}

export const organizationQuery = 'SELECT Id, Name, OrganizationType, IsSandbox FROM Organization LIMIT 1';
const scopes = ['api'];
/** Which fields there are, and of what kind, the query decides. */
const row = like({ attributes: like({ type: 'Organization' }) });
const organization = {
  Id: '00Dxx0000001gPFEAY',
  Name: 'Acme',
  OrganizationType: 'Enterprise Edition',
  IsSandbox: false,
};
const rows = {
  scopes,
  output: like({ totalSize: 1, done: true, records: [row] }, { nextRecordsUrl: z.string() }),
  example: {
    answer: { totalSize: 1, done: true, records: [{ attributes: { type: 'Organization' }, ...organization }] },
  },
};
const query = given({ soql: organizationQuery }, { batchSize: z.int().min(200).max(2000) });

const asked = {
  ...rows,
  input: query,
  encode: ({ soql: text, batchSize }: z.output<typeof query>) => ({
    query: { q: text },
    headers: { ...(batchSize !== undefined && { 'sforce-query-options': `batchSize=${batchSize}` }) },
  }),
};
const locators = /^\w{15,18}-\d{1,10}$/;

const run = endpoint('GET /query', { summary: 'Runs a SOQL query and answers its first page.', ...asked });
const runAll = endpoint('GET /queryAll', {
  summary: 'Runs a SOQL query over deleted records as well and answers its first page.',
  ...asked,
});
const more = endpoint('GET /query/{locator}', {
  summary: 'Reads the next page of a query.',
  input: given({
    locator: z
      .string()
      .regex(locators)
      .meta({ examples: ['01gD0000002HU6KIAW-2000'] }),
  }),
  ...rows,
});

/** The next page is named by a path of the instance: only its last part is used. */
function locatorOf(path: string): string {
  const locator = /^\/services\/data\/v\d+\.\d\/query(?:All)?\/([^/]+)$/.exec(path)?.[1] ?? '';
  if (locators.test(locator)) return locator;
  const message = 'The next page of a query is named in a form that is not known.';
  throw new PlugboardError({ kind: 'invalid_response', code: 'unknown_page', message });
}

export function pagingLoop(): PlugboardError {
  const message = 'The vendor announced a page that was already read.';
  return new PlugboardError({ kind: 'invalid_response', code: 'paging_loop', message });
}

interface Asked extends z.output<typeof query> {
  readonly includeDeleted?: boolean | undefined;
}

async function* readRows(api: Api, { includeDeleted, ...input }: Asked, options: CallOptions) {
  let page = await api.call(includeDeleted === true ? runAll : run, input, options);
  const seen = new Set<string>();
  for (;;) {
    yield* page.records;
    if (typeof page.nextRecordsUrl !== 'string') return;
    const locator = locatorOf(page.nextRecordsUrl);
    if (seen.has(locator)) throw pagingLoop();
    seen.add(locator);
    page = await api.call(more, { locator }, options);
  }
}

export const queries = {
  run,
  runAll,
  more,
  rows: stream({
    summary: 'Runs a SOQL query and reads every row of every page.',
    scopes,
    input: query.extend({ includeDeleted: z.boolean().optional() }),
    run: readRows,
  }),
};
