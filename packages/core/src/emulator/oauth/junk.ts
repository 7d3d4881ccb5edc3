/** Answers as broken vendors and proxies give them. */
import type { Json, JsonObject } from '../../json.ts';
import type { OAuthReply } from './oauth-failure.ts';
import type { EndpointSwitches, JunkBody } from './switches.ts';

const hugeLength = 2 * 1024 * 1024;

type Spoiler = (answer: JsonObject) => { readonly text: string; readonly contentType?: string };

const spoilers: Readonly<Record<JunkBody, Spoiler>> = {
  html: () => ({ text: '<!doctype html><title>Welcome</title><p>Please sign in.</p>', contentType: 'text/html' }),
  empty: () => ({ text: '' }),
  truncated: (answer) => ({ text: JSON.stringify(answer).slice(0, -2) }),
  array: (answer) => ({ text: JSON.stringify([answer]) }),
  null: () => ({ text: 'null' }),
  bad_expiry: (answer) => ({ text: JSON.stringify({ ...answer, expires_in: 'abc' }) }),
  huge_token: (answer) => ({ text: JSON.stringify({ ...answer, access_token: 'a'.repeat(hugeLength) }) }),
  // Written as text: as an object literal the first key would set a prototype instead.
  prototype_keys: (answer) => ({
    text: `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${JSON.stringify(answer).slice(1)}`,
  }),
};

/** The same answer, spoiled; its status stays. */
export function spoil(reply: OAuthReply, body: NonNullable<EndpointSwitches['body']>): OAuthReply {
  const { text, contentType = 'application/json' } =
    typeof body === 'string' ? spoilers[body](objectOf(reply.json)) : body;
  return { status: reply.status, headers: { ...reply.headers, 'content-type': contentType }, text };
}

function objectOf(json: Json | undefined): JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : {};
}
