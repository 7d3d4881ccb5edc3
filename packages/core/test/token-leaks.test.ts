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

test('B03 there are more than fifty of them', () => expect(new Set(bodies).size).toBeGreaterThan(50));

test.each(['application/json', 'text/html', 'application/x-www-form-urlencoded'])(
  'B03 no failing token answer declared as %s gets a token into an error, a log line or what is shown',
  async (contentType) => {
    const outcomes: string[] = [];
    for (const text of bodies) {
      const lines: unknown[] = [];
      const note: Log['info'] = (...line) => void lines.push(line);
      const rig = createRig({}, { log: { info: note, warn: note, error: note } });
      rig.oauth.switches.token.next({ body: { text, contentType } });
      const connecting: unknown = await rig.connect().catch((error: unknown) => error);
      expect([text.slice(0, 80), isQuoted(connecting)]).toEqual([text.slice(0, 80), false]);
      outcomes.push(connecting instanceof Error ? 'refused' : 'connected');
      const row = await rig.row();
      expect(isQuoted(row?.metadata) || isQuoted(row?.account) || isQuoted(row?.lastError)).toBe(false);

      // The same answer to a refresh.
      const other = createRig({ rotation: 'stable' }, { log: { info: note, warn: note, error: note } });
      await other.connect();
      await other.clock.advance(3_700_000);
      other.oauth.switches.token.next({ body: { text, contentType } }, 5);
      const calling = other.board.client('acme', { organizationId }).orders.list();
      const refreshed: unknown = await drive(other, Promise.resolve(calling)).catch((error: unknown) => error);
      expect([text.slice(0, 80), isQuoted(refreshed)]).toEqual([text.slice(0, 80), false]);
      expect(isQuoted((await other.row())?.lastError)).toBe(false);
      expect(isQuoted(lines)).toBe(false);
    }
    expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(20);
  },
);
