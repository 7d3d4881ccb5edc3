/**
 * AWS Signature Version 4, with the exceptions of S3: paths are encoded once and never normalised.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (2026-11-20)
 */
import { encodeHex, hash, hmac } from '@plugboard/core';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With temporary keys. */
  readonly sessionToken?: string;
}

/** Where and when a signature holds. */
export interface Scope {
  readonly region: string;
  readonly service: string;
  /** Wall time in milliseconds. */
  readonly at: number;
}

export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
}

/** What proxies and HTTP stacks write anew, and what the signature itself goes into. */
const unsigned = new Set(['accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'user-agent']);
const algorithm = 'AWS4-HMAC-SHA256';

/** Percent-encodes every byte but the unreserved ones of RFC 3986, which `encodeURIComponent` alone does not. */
export function encodePart(text: string): string {
  const escape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, escape);
}

/** Writes path and query as they are signed, so that no server has to guess what was meant. */
function canonicalise(url: URL): void {
  url.pathname = url.pathname
    .split('/')
    .map((part) => encodePart(decodeURIComponent(part)))
    .join('/');
  url.search = [...url.searchParams].map((pair) => pair.map(encodePart).join('=')).join('&');
}

/** By name, then by value: `=` sorts behind what names may begin with. */
function sortedQuery(url: URL): string {
  const pairs = url.search.slice(1).split('&');
  const split = pairs.map((pair) => pair.split('=') as [string, string?]);
  return split
    .toSorted(([a, x = ''], [b, y = '']) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Signs by header: `x-amz-date`, `x-amz-security-token`, `authorization`, and every header that is there already. */
export async function signHeaders(request: Signable, keys: Keys, scope: Scope, payloadHash: string): Promise<void> {
  const { url, headers } = request;
  headers.set('x-amz-date', stamp(scope.at));
  if (keys.sessionToken !== undefined) headers.set('x-amz-security-token', keys.sessionToken);
  canonicalise(url);
  const names = [...headers.keys()].filter((name) => !unsigned.has(name));
  const { signature, signedHeaders } = await signatureOf(request, { keys, scope, names, payloadHash });
  const credential = `Credential=${keys.accessKeyId}/${scopeOf(scope)}`;
  headers.set('authorization', `${algorithm} ${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`);
}

/** Signs by query: an address that anybody may use until it ends, sending the headers of the request as they are. */
export async function presign(
  request: Signable,
  keys: Keys,
  scope: Scope,
  { expiresSeconds, payloadHash }: { readonly expiresSeconds: number; readonly payloadHash: string },
): Promise<void> {
  const { url, headers } = request;
  const names = [...headers.keys()];
  url.searchParams.set('X-Amz-Algorithm', algorithm);
  url.searchParams.set('X-Amz-Credential', `${keys.accessKeyId}/${scopeOf(scope)}`);
  url.searchParams.set('X-Amz-Date', stamp(scope.at));
  url.searchParams.set('X-Amz-Expires', String(expiresSeconds));
  url.searchParams.set('X-Amz-SignedHeaders', signedNames(names).join(';'));
  if (keys.sessionToken !== undefined) url.searchParams.set('X-Amz-Security-Token', keys.sessionToken);
  canonicalise(url);
  const { signature } = await signatureOf(request, { keys, scope, names, payloadHash });
  url.search += `&X-Amz-Signature=${signature}`;
}

interface Signing {
  readonly keys: Keys;
  readonly scope: Scope;
  readonly names: readonly string[];
  readonly payloadHash: string;
}

async function signatureOf(
  { method, url, headers }: Signable,
  { keys, scope, names, payloadHash }: Signing,
): Promise<{ readonly signature: string; readonly signedHeaders: string }> {
  const signed = signedNames(names);
  const valueOf = (name: string) => (name === 'host' ? url.host : (headers.get(name) ?? ''));
  const lines = signed.map((name) => `${name}:${valueOf(name).trim().replaceAll(/ +/g, ' ')}\n`);
  const canonical = [method, url.pathname, sortedQuery(url), lines.join(''), signed.join(';'), payloadHash];
  const digest = encodeHex(await hash('sha256', canonical.join('\n')));
  const text = [algorithm, stamp(scope.at), scopeOf(scope), digest].join('\n');
  const key = await signingKey(keys.secretAccessKey, scope);
  return { signature: encodeHex(await hmac('sha256', key, text)), signedHeaders: signed.join(';') };
}

function signedNames(names: readonly string[]): string[] {
  return [...new Set(['host', ...names])].toSorted(compare);
}

export async function signingKey(secret: string, scope: Scope): Promise<Uint8Array> {
  const parts = [stamp(scope.at).slice(0, 8), scope.region, scope.service, 'aws4_request'];
  let key: Uint8Array | string = `AWS4${secret}`;
  for (const part of parts) key = await hmac('sha256', key, part);
  return key as Uint8Array;
}

function scopeOf({ at, region, service }: Scope): string {
  return `${stamp(at).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** `20130524T000000Z`. */
function stamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}
