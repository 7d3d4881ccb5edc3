/** B03: what a token endpoint answers is full of secrets, and whatever is wrong with it, none is in what is thrown. */
import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import type { Log } from '../src/log.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const access = 'canary-access-9f+/=';
const refresh = 'canary-refresh-7e+/=';
const good = { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: 3600 };
const json = (value: unknown) => JSON.stringify(value);

/** Bodies that are wrong in part or wholly, all with tokens in them. */
const bodies: readonly string[] = [
  json(good).slice(0, -1), json(good).slice(0, 40), `${json(good)}x`, `)]}'\n${json(good)}`, `callback(${json(good)})`,
  json([good]), json([access]), json(access), json({ data: good }), json({ token: access }), json({ ok: false, ...good }),
  json({ error: access, ...good }), json({ error: 'invalid_request', error_description: access, ...good }),
  json({ error: { message: refresh, code: access }, ...good }), json({ errors: [{ message: `${access} ${refresh}` }], ...good }),
  json({ ...good, access_token: [access] }), json({ ...good, access_token: { value: access } }),
  json({ ...good, access_token: 5, note: access }), json({ ...good, access_token: '' }), json({ ...good, access_token: null }),
  json({ ...good, access_token: `${access}\r\nx: y` }), json({ ...good, access_token: `${access}\u0000` }),
  json({ ...good, access_token: `${access}ü` }), json({ ...good, access_token: access.repeat(200_000) }),
  json({ ...good, refresh_token: [refresh] }), json({ ...good, refresh_token: 7 }), json({ ...good, refresh_token: `${refresh}\n` }),
  json({ ...good, expires_in: access }), json({ ...good, expires_in: { at: access } }), json({ ...good, expires_in: -5 }),
  json({ ...good, expires_in: 1e308 }), json({ ...good, token_type: access }), json({ ...good, token_type: 'mac' }),
  json({ ...good, token_type: undefined }), json({ ...good, scope: [access] }), json({ ...good, scope: access }),
  json({ ...good, scope: 7 }), json({ ...good, id_token: access }), json({ ...good, [access]: refresh }),
  `{"access_token":"${access}","access_token":"${refresh}"}`, `{"__proto__":{"access_token":"${access}"}}`,
  `{"constructor":{"prototype":{"access_token":"${access}"}}}`, `access_token=${access}&refresh_token=${refresh}`,
  `<html><body>${access}</body></html>`, `<?xml version="1.0"?><token>${access}</token>`, `"${access}`, access, `\u0000${access}`,
  `${'['.repeat(5_000)}"${access}"`, '', ' ', 'null', 'true', '0',
]; // prettier-ignore

const isQuoted = (value: unknown): boolean =>
  [inspect(value, { depth: 10, showHidden: true }), JSON.stringify(value), String(value), value instanceof Error ? (value.stack ?? '') : '']
    .join('\n')
    .includes('canary'); // prettier-ignore

const contentTypes = ['application/json', 'text/html', 'application/x-www-form-urlencoded'] as const;

test('B03 there are more than fifty of them, and most are refused', async () => {
  expect(new Set(bodies).size).toBeGreaterThan(50);
  const outcomes = await Promise.all(bodies.map(async (text) => (await connectWith(text, contentTypes[0])).outcome));
  expect(outcomes.filter((outcome) => outcome instanceof Error).length).toBeGreaterThan(20);
});

test.each(bodies.map((text) => [text.slice(0, 60), text] as const))(
  'B03 the token answer %j gets no token into an error, a log line or what is shown',
  async (_beginning, text) => {
    for (const contentType of contentTypes) {
      const { outcome, row, lines } = await connectWith(text, contentType);
      expect([outcome, row?.metadata, row?.account, row?.lastError, lines].map(isQuoted)).not.toContain(true);
    }
  },
);

test.each(bodies.map((text) => [text.slice(0, 60), text] as const))(
  'B03 the answer %j to a refresh gets none there either',
  async (_beginning, text) => {
    const lines: unknown[] = [];
    const rig = createRig({ rotation: 'stable' }, { log: logTo(lines) });
    await rig.connect();
    await rig.clock.advance(3_700_000);
    rig.oauth.switches.token.next({ body: { text, contentType: contentTypes[0] } }, 5);
    const calling = rig.board.client('acme', { organizationId }).orders.list();
    const outcome: unknown = await drive(rig, Promise.resolve(calling)).catch((error: unknown) => error);
    expect([outcome, (await rig.row())?.lastError, lines].map(isQuoted)).not.toContain(true);
  },
);

function logTo(lines: unknown[]): Log {
  const note: Log['info'] = (...line) => void lines.push(line);
  return { info: note, warn: note, error: note };
}

async function connectWith(text: string, contentType: string) {
  const lines: unknown[] = [];
  const rig = createRig({}, { log: logTo(lines) });
  rig.oauth.switches.token.next({ body: { text, contentType } });
  const outcome: unknown = await rig.connect().catch((error: unknown) => error);
  return { outcome, row: await rig.row(), lines };
}
