/** What an emulator was asked. */
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { CredentialVerdict, FoundSecrets } from './credentials.ts';
import type { RequestBody } from './request-body.ts';

export interface LoggedRequest {
  /** Milliseconds. */
  readonly at: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `profiles.upsert`; null for what no declared endpoint or route matched, and for OAuth. */
  readonly operation: string | null;
  /** Which part answered. */
  readonly part: 'api' | 'oauth';
  readonly query: Readonly<Record<string, string>>;
  /** Without the header that carried the credential. */
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly form?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly credential: LoggedCredential | null;
  /** Status of the answer; null while it is being made, and when the connection was dropped. */
  readonly status: number | null;
}

export interface LoggedCredential {
  /** Name of the auth method. */
  readonly method: string;
  readonly good: boolean;
  readonly values: FoundSecrets;
}

export type LogEntry = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] };

/** An entry without any credential. OAuth requests consist of secrets, so nothing but their address is kept. */
export function logEntry(clock: Clock, request: Request, part: LoggedRequest['part']): LogEntry {
  const { host, pathname } = new URL(request.url);
  const head = { at: clock.now(), method: request.method, host, path: pathname };
  return { ...head, part, operation: null, query: {}, headers: {}, credential: null, status: null };
}

/** @param places Where credentials may be: nothing that stands there is kept. */
export function logContent(
  entry: LogEntry,
  request: Request,
  {
    body,
    verdict,
    places,
  }: { readonly body: RequestBody; readonly verdict: CredentialVerdict; readonly places: readonly string[] },
): void {
  const secret = new Set(['header:authorization', ...places]);
  const kept = (where: string) => (pair: readonly [string, string]) => !secret.has(`${where}:${pair[0]}`);
  entry.query = Object.fromEntries([...new URL(request.url).searchParams].filter(kept('query')));
  entry.headers = Object.fromEntries([...request.headers].filter(kept('header')));
  if (places.includes('path')) {
    for (const value of Object.values(verdict.found)) entry.path = entry.path.replaceAll(value.reveal(), '[secret]');
  }
  if (body.json !== undefined) entry.json = withoutMembers(body.json, kept('body'));
  else if (body.kind === 'form') entry.form = Object.fromEntries(body.form);
  else if (body.text !== '') entry.text = body.text;
  if (verdict.method !== null) entry.credential = { method: verdict.method, good: verdict.ok, values: verdict.found };
}

function withoutMembers(json: Json, kept: (pair: readonly [string, string]) => boolean): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([name]) => kept([name, ''])));
}
