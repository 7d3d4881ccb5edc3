/** R50: what vendors and strangers put into headers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseRetryAfter } from '../../src/retry.ts';
import { checkTimestamp } from '../../src/webhooks/freshness.ts';
import { plainSignature, readSignatureHeader, signatureList } from '../../src/webhooks/signature-header.ts';
import { parseStandardWebhookSecret } from '../../src/webhooks/standard-webhook-secret.ts';
import { corpus, corpusTimeoutMs } from './corpus.ts';
import { headerText, hostileText, nearly } from './texts.ts';

const receivedAt = 1_700_000_000_000;
const list = signatureList({ timestamp: 't', signature: 'v1' });

test(
  'R50 signature headers: a form, or a refusal; never more than ten candidates',
  async () => {
    const right = fc.constantFrom('t=1700000000,v1=abcd', 't=1700000000,v1=abcd,v1=ef01,v0=1', 'sha256=abcdef');
    await corpus(
      'signature headers',
      fc.oneof(
        headerText,
        nearly(right),
        fc.integer({ min: 1, max: 1600 }).map((count) => `t=1700000000,${'v1=a,'.repeat(count)}`),
      ),
      (value) => {
        const headers = new Headers();
        // Some texts stay that no header can hold.
        if (!settable(headers, 'x-signature', value)) return;
        const delivery = {
          method: 'POST',
          url: new URL('https://a.example'),
          headers,
          body: new Uint8Array(),
          receivedAt,
        };
        for (const form of [list, plainSignature('sha256='), plainSignature()]) {
          const read = readSignatureHeader(delivery, 'x-signature', form.read);
          if (typeof read === 'string') expect(['signature_missing', 'signature_invalid']).toContain(read);
          else {
            expect(read.signatures.length).toBeLessThanOrEqual(10);
            for (const signature of read.signatures) expect(value).toContain(signature);
          }
        }
      },
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 timestamps: only the one text of a moment within the tolerance is taken',
  async () => {
    const near = fc.integer({ min: -700, max: 700 }).map((age) => String(receivedAt / 1000 + age));
    const odd = fc.constantFrom('', ' ', '+', '-', '0', '\t', '\n', '.0', 'e0', '0x', 'n', ' x');
    const written = fc.tuple(odd, near, odd).map((parts) => parts.join(''));
    await corpus('timestamps', fc.oneof(near, nearly(near), written, hostileText), (text) => {
      const found = checkTimestamp(text, { unit: 'seconds' }, receivedAt);
      const seconds = Number(text);
      const taken = String(seconds) === text && Math.abs(seconds - receivedAt / 1000) <= 300;
      expect(found instanceof Date).toBe(taken);
      if (found instanceof Date) expect(found.getTime()).toBe(seconds * 1000);
    });
  },
  corpusTimeoutMs,
);

test(
  'R50 Retry-After: a finite wait that is not negative, or nothing',
  async () => {
    const dates = fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((date) => date.toUTCString());
    const value = fc.oneof(headerText, dates, nearly(dates), fc.double().map(String), fc.bigInt().map(String));
    await corpus('retry-after', fc.tuple(value, value, fc.boolean()), ([after, date, exact]) => {
      const headers = new Headers();
      settable(headers, exact ? 'retry-after-ms' : 'retry-after', after);
      settable(headers, 'date', date);
      const found = parseRetryAfter(headers, receivedAt);
      if (found === undefined) return;
      expect(found).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(found)).toBe(true);
      expect(after).toMatch(/^\s*(\d+(\.\d+)?|\w{3}, .* GMT)\s*$/);
    });
  },
  corpusTimeoutMs,
);

test(
  'R50 secrets of Standard Webhooks: one text for each key, or none',
  async () => {
    const right = fc
      .uint8Array({ minLength: 20, maxLength: 70 })
      .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
    await corpus('standard secrets', fc.oneof(hostileText, right, nearly(right)), (secret) => {
      const key = parseStandardWebhookSecret(secret);
      if (key === undefined) return;
      // One text for each key, and for public keys one length.
      const base64 = secret.replace(/^(whsec|whpk|whsk)_/, '');
      expect(base64).not.toBe('');
      expect(Buffer.from(base64, 'base64').toString('base64')).toBe(base64);
      if (key.kind !== 'symmetric') expect(key.bytes).toHaveLength(32);
    });
  },
  corpusTimeoutMs,
);

function settable(headers: Headers, name: string, value: string): boolean {
  try {
    headers.set(name, value);
    return true;
  } catch {
    return false;
  }
}
