/** B08: keys are written and never read again. */
import { describe, expect, it } from 'vitest';

import { addresses } from '../src/addresses.ts';
import { createRig } from './support/rig.ts';

const keys = {
  'of twelve characters': 'k9Zq-7Wx2-pL',
  'long enough that a suffix would be allowed': 'key_live_4f1c9a7e2b8d6035aa11ff47c9Qx8ZtV',
};

describe.each(Object.entries(keys))('B08 a key %s', (_what, key) => {
  it('is in no answer of any route, and neither are its ends', async () => {
    const rig = createRig();
    const webhookSecret = `${key}-hook`;
    const said: string[] = [];
    const keep = async (response: Response) => {
      said.push(JSON.stringify([...response.headers]), await response.text());
      return response.status;
    };
    const credentials = { apiKey: key, webhookSecret };
    expect(await keep(await rig.call('/connect/acme', { body: { credentials } }))).toBe(200);
    for (const address of Object.values(addresses)) {
      const [method = '', path = ''] = address.replace('{provider}', 'acme').replace('{field}', 'channel').split(' ');
      if (method === 'GET') await keep(await rig.call(path));
    }
    await keep(await rig.call('/settings/acme', { method: 'PATCH', body: { settings: { digest: true } } }));
    // Refused as well: what was wrong is named, not shown.
    await keep(await rig.call('/connect/acme', { body: { credentials: { apiKey: `${key}\n${key}` } } }));
    await keep(await rig.call('/connect/acme', { body: { credentials: { ...credentials, other: key } } }));
    await keep(await rig.call('/connect/acme', { body: `{"credentials":{"apiKey":"${key}"` }));
    const shown = await rig.board.connections.get('acme', { organizationId: 'org-1' });
    said.push(JSON.stringify(shown), JSON.stringify(await rig.board.audit.list({ organizationId: 'org-1' })));

    expect(said.join('\n').length).toBeGreaterThan(1_000);
    expect(said.join('\n')).toContain('"status":"active"');
    const everything = [...said, ...rig.logged].join('\n');
    const forms = [
      key,
      encodeURIComponent(key),
      ...(['base64', 'base64url', 'hex'] as const).map((form) => Buffer.from(key).toString(form)),
    ];
    expect(forms.filter((form) => everything.includes(form.replaceAll('=', '')))).toEqual([]);
    expect([key.slice(-4), key.slice(-6)].filter((end) => everything.includes(end))).toEqual([]);
  });
});
