/** A signed delivery that no JSON round trip leaves as it is, and what every adapter must do with it. */
import { expect } from 'vitest';

import type { createRig } from './rig.ts';

/** A number with a zero, an escape, a repeated key, a trailing newline: all gone once it is parsed and written again. */
export const event = '{"id":"evt-1","type":"order.created","\u00fc":1.0,"a":"\\u0041","a":2 }\n';

export interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Mounted {
  readonly rig: ReturnType<typeof createRig>;
  /** Calls below the mount, through the framework. */
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
}

export async function signedEvent({ vendor }: Mounted['rig']): Promise<Sent> {
  expect(JSON.stringify(JSON.parse(event))).not.toBe(event);
  const signed = await vendor.webhook(event, 'stub-acme-signingSecret');
  return { method: 'POST', headers: Object.fromEntries(signed.headers), body: event };
}

/** E05: the bytes arrive as they were signed, and one byte more is one too many. */
export async function provesRawBody({ rig, send }: Mounted): Promise<void> {
  const heard: unknown[] = [];
  rig.board.on('acme', 'order.created', (data) => void heard.push(data));
  const sent = await signedEvent(rig);
  const forged = await send('/webhooks/acme', { ...sent, body: `${event} ` });
  expect([forged.status, heard.length]).toEqual([401, 0]);
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await send('/webhooks/acme', { ...sent, headers: { ...sent.headers, 'content-type': type } });
    expect([type, answer.status]).toEqual([type, 200]);
  }
  expect(heard).toEqual([{ id: 'evt-1', type: 'order.created', '\u00fc': 1, a: 2 }]);
}

/**
 * What a browser sees is the same through every framework: statuses, cookies, redirects, problems, HEAD, Allow.
 * @param slash Answer to an address with a slash at its end, where the framework has a word in it.
 */
export async function keepsAnswers({ send }: Mounted, slash = 404): Promise<void> {
  const headers = { cookie: 'theme=dark; session=org-1/ada' };
  const list = await send('/connections', { headers });
  expect([list.status, list.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(Object.keys((await list.json()) as object)).toEqual(['providers']);
  const start = await send('/connect/acme?returnTo=%2Fa%3Fb%3D1%26c', { headers, redirect: 'manual' });
  expect([start.status, start.headers.getSetCookie().length]).toEqual([303, 1]);
  expect(start.headers.get('location')).toContain(
    'redirect_uri=https%3A%2F%2Fapp.example.com%2Fintegrations%2Fcallback%2Facme',
  );
  const body = JSON.stringify({ credentials: { apiKey: 'key' } });
  const json = { ...headers, 'content-type': 'application/json' };
  const connected = await send('/connect/acme?label=%C3%BC%20%26', { method: 'POST', headers: json, body });
  expect(await connected.json()).toMatchObject({ connection: { label: '\u00fc &' } });
  const head = await send('/connections', { method: 'HEAD', headers });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const deleted = await send('/settings/acme', { method: 'DELETE', headers });
  expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH']);
  const nobody = await send('/connections');
  expect([nobody.status, nobody.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
  const slashed = await send('/connections/', { headers, redirect: 'manual' });
  expect(slashed.status).toBe(slash);
}

/** A13: whatever proxies claim, the vendor comes back to the configured address. */
export async function ignoresForwarded({ send }: Mounted): Promise<void> {
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' };
  const headers = { cookie: 'session=org-1/ada', 'x-forwarded-prefix': '/evil', ...forwarded };
  const start = await send('/connect/acme', { headers, redirect: 'manual' });
  expect(start.headers.get('location')).toContain('redirect_uri=https%3A%2F%2Fapp.example.com%2F');
  expect(start.headers.get('location')).not.toContain('evil');
}
