/**
 * The signature over the public URL and the sorted form, or over the URL alone whose query carries the body's hash.
 * @see https://www.twilio.com/docs/usage/security#validating-requests (2026)
 */
import {
  encodeHex,
  equalText,
  hash,
  hmac,
  encodeBase64,
  parseUrlEncoded,
  reveal,
  type Delivery,
  type Secret,
  type Verify,
} from '@plugboard/core';

const header = 'x-twilio-signature';
const longest = 256;
const formType = /^application\/x-www-form-urlencoded(?: *; *charset=[\w-]+)?$/i;

export const verify: Verify = async (delivery, secrets) => {
  const given = delivery.headers.get(header);
  if (given === null || given === '') return { ok: false, reason: 'signature_missing' };
  // Two headers reach us joined: neither may pick the other's meaning.
  if (given.length > longest || !/^[A-Za-z0-9+/]{27}=$/.test(given)) return { ok: false, reason: 'signature_invalid' };
  if (!(await bodyIsCovered(delivery))) return { ok: false, reason: 'signature_invalid' };
  const parameters = formText(delivery);
  if (parameters === undefined) return { ok: false, reason: 'malformed' };
  for (const [secretIndex, secret] of secrets.entries()) {
    for (const url of candidates(delivery.url)) {
      if (equalText(await signatureOf(url + parameters, secret), given)) return { ok: true, secretIndex };
    }
  }
  return { ok: false, reason: 'signature_invalid' };
};

async function signatureOf(content: string, secret: Secret | string): Promise<string> {
  return encodeBase64(await hmac('sha1', reveal(secret), content));
}

/** Signs as the vendor does, for the emulator and for tests. */
export async function sign(delivery: { body: string; url: string }, secret: string): Promise<Record<string, string>> {
  const url = new URL(delivery.url);
  const json = isJson(url) || delivery.body.startsWith('{');
  const fields = json || delivery.body === '' ? '' : sortedText(delivery.body);
  const type = json ? 'application/json' : 'application/x-www-form-urlencoded';
  return { [header]: await signatureOf(delivery.url + fields, secret), 'content-type': type };
}

function isJson(url: URL): boolean {
  return url.searchParams.has('bodySHA256');
}

/** A body that is neither a form nor named by its hash is covered by nothing. */
async function bodyIsCovered({ url, body, headers, method }: Delivery): Promise<boolean> {
  const named = url.searchParams.getAll('bodySHA256');
  if (named.length > 1) return false;
  const [digest] = named;
  // The vendor hashes an absent body as an empty object.
  if (digest !== undefined) return equalText(encodeHex(await hash('sha256', body.length === 0 ? '{}' : body)), digest);
  if (body.length === 0 || method === 'GET') return true;
  return formType.test(headers.get('content-type') ?? '');
}

/** The signed form of the parameters; undefined when the body is no form. A GET has its parameters in the URL. */
function formText({ method, url, body }: Delivery): string | undefined {
  if (method === 'GET' || isJson(url) || body.length === 0) return '';
  return parseUrlEncoded(body) === undefined ? undefined : sortedText(body);
}

/** Names by code unit; values of a repeated name without doubles, sorted, each with its name. */
function sortedText(body: Uint8Array | string): string {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of parseUrlEncoded(body) ?? [])
    values.set(name, (values.get(name) ?? new Set()).add(value));
  const names = [...values.keys()].toSorted(byCodeUnit);
  return names
    .map((name) =>
      [...(values.get(name) ?? [])]
        .toSorted(byCodeUnit)
        .map((value) => name + value)
        .join(''),
    )
    .join('');
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The vendor is inconsistent about the port, so the URL is tried as configured, without a port, and with one. */
function candidates(url: URL): readonly string[] {
  const whole = url.href.slice(0, url.href.length - url.hash.length);
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  const credentials = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`;
  const rest = whole.slice(whole.indexOf(url.host, whole.indexOf('@') + 1) + url.host.length);
  const base = `${url.protocol}//${credentials}${url.hostname}`;
  return [...new Set([whole, `${base}${rest}`, `${base}:${port}${rest}`])];
}
