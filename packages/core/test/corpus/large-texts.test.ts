/**
 * G09: texts of a million characters, of the kinds that make patterns backtrack. What is quadratic needs 10^12 steps for
 * one of them, a quarter of an hour; the bound is on the time of the processor, and a hundred times what is needed.
 */
import { expect, test } from 'vitest';

import { claimsOf } from '../../src/auth/jwt.ts';
import { splitScopes } from '../../src/auth/token-answer.ts';
import { safeReturnTo } from '../../src/connections/return-to.ts';
import { emailAddressPattern } from '../../src/email.ts';
import type { Engine } from '../../src/engine.ts';
import { parseUrlEncoded } from '../../src/form.ts';
import { endpointProblem, hostProblem, urlProblem } from '../../src/host-name.ts';
import { parseJson } from '../../src/json.ts';
import { parseMultipart } from '../../src/multipart.ts';
import { snakeCase } from '../../src/names.ts';
import { redact } from '../../src/redact.ts';
import { parseRetryAfter } from '../../src/retry.ts';
import { expandTemplate, templateNames } from '../../src/template.ts';
import { sealedFromText } from '../../src/vault/format.ts';
import { readCertificate } from '../../src/webhooks/certificate.ts';
import { checkTimestamp } from '../../src/webhooks/freshness.ts';
import { signatureList } from '../../src/webhooks/signature-header.ts';
import { parseStandardWebhookSecret } from '../../src/webhooks/standard-webhook-secret.ts';

const size = 1_000_000;
const engine = { url: 'https://app.example.com', returnOrigins: [] } as unknown as Engine;
const signatures = signatureList({ timestamp: 't', signature: 'v1' });

/** Given to each reader as it is, and with what may stop a match at the very end. */
const pumps = ['/', '=', ' ', '\r\n', '_', '.', 'a', '0', 'a.', 'a@', '%2', '"', '\\"', ', ', ';', 't=1,', '{a', '[', '<', ':0', 'http://', 'é', 'aA', '&a=']; // prettier-ignore
const ends = ['', '\0'];

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'email addresses': (text) => emailAddressPattern.test(text),
  'names of a vendor': snakeCase,
  hosts: hostProblem,
  'base URLs': (text) => [
    urlProblem(text),
    urlProblem(`https://${text}`),
    endpointProblem(`https://a.example/${text}`),
  ],
  'return addresses': (text) => safeReturnTo(engine, text),
  JSON: parseJson,
  'urlencoded forms': parseUrlEncoded,
  'multipart forms': (text) => [
    parseMultipart(new TextEncoder().encode(`--b\r\n${text}\r\n--b--\r\n`), 'multipart/form-data; boundary=b'),
    parseMultipart(new Uint8Array(), `multipart/form-data; ${text}`),
  ],
  redaction: (text) => redact(text, ['s3cret-of-some-length']),
  templates: (text) => [templateNames(text), expandTemplate('/{a}', { a: text })],
  'sealed texts': (text) => sealedFromText(`iv1.${text}`),
  scopes: (text) => splitScopes(text),
  tokens: (text) => claimsOf(text),
  certificates: (text) => readCertificate(`-----BEGIN CERTIFICATE-----${text}`),
  timestamps: (text) => checkTimestamp(text, { unit: 'seconds' }, 0),
  'signature lists': (text) => signatures.read(text),
  'webhook secrets': (text) => parseStandardWebhookSecret(text),
  'Retry-After': (text) => parseRetryAfter({ get: () => text } as unknown as Headers, 0),
};

test.each(Object.entries(readers))(
  'G09 %s of a million characters are read in linear time',
  (_, read) => {
    let longest = 0;
    for (const pump of pumps) {
      const body = pump.repeat(Math.ceil(size / pump.length)).slice(0, size);
      for (const end of ends) {
        const before = process.cpuUsage();
        try {
          read(body + end);
        } catch {
          // Refused: the time is what counts.
        }
        const { user, system } = process.cpuUsage(before);
        longest = Math.max(longest, (user + system) / 1000);
      }
    }
    expect(longest).toBeLessThan(5_000);
  },
  120_000,
);
