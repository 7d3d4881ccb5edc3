import { openApiOf } from '@plugboard/http';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { connectByOAuth, createRig, session, url } from './support/rig.ts';

/** Pieces that parsers trip over, beside everything that fast-check thinks of. */
const pieces = ['%', '%ff', '%00', '%E2%82', '..', '%2e%2e%2f', '//', '\\', '__proto__', 'constructor', 'acme', 'default', '\u0000', '\ud800', '{}', '[]', '"', '1e999', `${'A'.repeat(43)}.${'A'.repeat(43)}`]; // prettier-ignore
const text = fc.oneof(
  fc.constantFrom(...pieces),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant('x'.repeat(70_000)),
);
const segment = fc.oneof({ weight: 3, arbitrary: fc.constant('acme') }, { weight: 1, arbitrary: text });

const { paths } = openApiOf(url) as unknown as { paths: Record<string, object> };
const templates = [...Object.keys(paths), '/webhooks/{provider}', '/webhooks/{provider}/{key}', '/sandbox/{x}', '/{x}'];

const address = fc.record({
  template: fc.constantFrom(...templates),
  parts: fc.array(segment, { minLength: 2, maxLength: 2 }),
  encoded: fc.boolean(),
  query: fc.array(
    fc.tuple(fc.constantFrom('label', 'state', 'code', 'returnTo', 'method', 'input', 'input.shop', 'input.'), text),
    { maxLength: 4 },
  ),
});
const body = fc.oneof(
  fc.constant(undefined),
  text,
  fc.json({ maxDepth: 3 }),
  fc
    .dictionary(
      fc.constantFrom(
        'credentials',
        'settings',
        'input',
        'method',
        'flow',
        'accountId',
        'allowAccountChange',
        '__proto__',
      ),
      fc.jsonValue({ maxDepth: 2 }),
    )
    .map((value) => JSON.stringify(value)),
);
const headers = fc.record({
  'content-type': fc.constantFrom('application/json', 'application/json; charset=x', 'text/plain', 'a/b/c', ';', ''),
  'content-encoding': fc.constantFrom('identity', 'gzip', ''),
  'content-length': fc.constantFrom('0', '-1', 'x', '99999999999'),
  origin: fc.constantFrom('https://app.example.com', 'null', '://', ''),
  cookie: fc.constantFrom(session.cookie, '=', ';;;', '__Host-plugboard-acme-AAAAAAAA=x; session=org-1/ada', 'session=%'),
}, { requiredKeys: ['cookie'] }); // prettier-ignore

/** Their seed is fixed, so that a failure is the same for everybody; those once found go into `examples`. */
it('G15 answers whatever is asked without an exception, and as the document says', async () => {
  const rig = createRig();
  await connectByOAuth(rig);
  const statuses = new Set<number>();
  const method = fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD', 'OPTIONS');
  await fc.assert(
    fc.asyncProperty(
      method,
      address,
      headers,
      body,
      async (verb, { template, parts, encoded, query }, given, content) => {
        const next = parts.values();
        const path = template.replaceAll(/\{\w+\}/g, () => {
          const part = next.next().value ?? '';
          return encoded ? encodeURIComponent(part.toWellFormed()) : part;
        });
        const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
        const carries = verb !== 'GET' && verb !== 'HEAD' && content !== undefined;
        const init = { method: verb, headers: given, ...(carries && { body: content }) };
        const response = await rig.handler(new Request(`${url}${path}?${search}`, init));
        await response.text();
        statuses.add(response.status);
        expect(response.status).toBeLessThan(500);
      },
    ),
    { seed: 20_261_128, numRuns: 3_000 },
  );
  expect(rig.logged.filter((line) => line.includes('a request to the routes failed'))).toEqual([]);
  // Proves that the requests got past the first check.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 401, 403, 404, 405, 413, 415]));
}, 60_000);
