import { createHmac } from 'node:crypto';

import type { WebhookContext } from '@plugboard/core';
import { describe, expect, test } from 'vitest';

import { webhooks } from '../src/leads.ts';
import { appSecret, createRig, organizationId, pasted } from './support/rig.ts';

const route = 'https://app.example.com/integrations/webhooks/meta';

describe('pages and leads', () => {
  test('a page is subscribed, and its forms read, with its own token and the proof of that', async () => {
    const rig = createRig();
    await rig.connect([
      'ads_read',
      'ads_management',
      'leads_retrieval',
      'pages_show_list',
      'pages_read_engagement',
      'pages_manage_metadata',
    ]);
    await rig.choose();
    await rig.client().pages.subscribe({ pageId: '153125381133' });
    const [read, subscribe] = rig.sent;
    expect(read!.url.searchParams.get('fields')).toBe('access_token');
    expect([subscribe!.method, subscribe!.headers.get('authorization')]).toEqual([
      'POST',
      'Bearer EAAPAGE0153125381133',
    ]);
    expect(subscribe!.text).toBe('subscribed_fields=leadgen');
    const proof = createHmac('sha256', appSecret).update('EAAPAGE0153125381133').digest('hex');
    expect(subscribe!.url.searchParams.get('appsecret_proof')).toBe(proof);

    const forms: unknown[] = [];
    for await (const form of rig.client().leads.forms({ pageId: '153125381133' })) forms.push(form);
    expect(forms).toEqual([{ id: '2', name: 'Newsletter', status: 'ACTIVE' }]);
    expect(rig.sent.at(-1)!.headers.get('authorization')).toBe('Bearer EAAPAGE0153125381133');
  });

  test('a test lead can be read back', async () => {
    const rig = createRig();
    await rig.paste(pasted);
    const fieldData = [{ name: 'email', values: ['joe@example.com'] }];
    const { id } = await rig.client().leads.createTest({ pageId: '1', formId: '2', fieldData });
    expect(await rig.client().leads.get({ leadId: id })).toMatchObject({ id, formId: '2', fieldData });
  });

  test('the list of pages asks for no token', async () => {
    const rig = createRig();
    await rig.paste(pasted);
    await rig.client().pages.list();
    expect(rig.sent[0]!.url.searchParams.get('fields')).toBe('id,name,tasks');
  });
});

const sign = (body: string) => `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;

function deliver(rig: ReturnType<typeof createRig>, body: string, signature = sign(body)) {
  const heard: [unknown, WebhookContext][] = [];
  rig.board.on('meta', '*', (data, context) => void heard.push([data, context]));
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
  const response = rig.board.webhooks.receive('meta', new Request(route, { method: 'POST', body, headers }));
  return { response, heard };
}

const change = (id: string) => `{"field":"leadgen","value":{"leadgen_id":${id},"page_id":153125381133}}`;
const entry = (...ids: string[]) => `{"id":153125381133,"time":1440120384,"changes":[${ids.map(change).join(',')}]}`;
const page = (...entries: string[]) => `{"object":"page","entry":[${entries.join(',')}]}`;

describe('webhooks', () => {
  test.each([
    ['the right token', { 'hub.verify_token': 'verify-me', 'hub.challenge': '1158201444' }, 200, '1158201444'],
    ['a wrong token', { 'hub.verify_token': 'wrong', 'hub.challenge': '1158201444' }, 403, ''],
    ['no token', { 'hub.challenge': '1158201444' }, 403, ''],
    ['a challenge that is a page', { 'hub.verify_token': 'verify-me', 'hub.challenge': '<script>' }, 403, ''],
  ])('the handshake with %s', async (_title, params, status, text) => {
    const { board } = createRig();
    const query = new URLSearchParams({ 'hub.mode': 'subscribe', ...params });
    const response = await board.webhooks.receive('meta', new Request(`${route}?${query.toString()}`));
    expect([response.status, await response.text()]).toEqual([status, text]);
    if (status === 200) expect(response.headers.get('content-type')).toContain('text/plain');
  });

  test('without a verify token nobody shakes hands', async () => {
    const { board } = createRig({ verifyToken: '' });
    const query = 'hub.mode=subscribe&hub.verify_token=&hub.challenge=1';
    expect((await board.webhooks.receive('meta', new Request(`${route}?${query}`))).status).toBe(403);
  });

  test('every change of every entry is an event of its own, ids as texts of any length', async () => {
    const rig = createRig();
    const { response, heard } = deliver(rig, page(entry('7312345678901234567', '"8"'), entry('9')));
    expect((await response).status).toBe(200);
    const context = { type: 'page.leadgen', organizationId: null, occurredAt: new Date('2015-08-21T01:26:24.000Z') };
    expect(heard).toEqual(
      ['7312345678901234567', '8', '9'].map((id) => [
        { entry_id: '153125381133', leadgen_id: id, page_id: '153125381133' },
        expect.objectContaining({ ...context, id: `page/153125381133/leadgen/${id}` }) as unknown,
      ]),
    );
  });

  test('a lead that is sent again, in another body, is heard of once', async () => {
    const rig = createRig();
    const first = deliver(rig, page(entry('5')));
    await first.response;
    const again = deliver(rig, page(entry('5'), entry('6')));
    expect((await again.response).status).toBe(200);
    expect(again.heard.map(([, { id }]) => id)).toEqual(['page/153125381133/leadgen/6']);
  });

  test('a changed byte, another secret and the old header are refused', async () => {
    const body = page(entry('5'));
    const wrong = [sign(`${body} `), sign(body).replace('sha256=', 'sha1='), sign(body).toUpperCase(), ''];
    for (const signature of wrong) {
      const { response, heard } = deliver(createRig(), body, signature);
      expect((await response).status).toBe(401);
      expect(heard).toEqual([]);
    }
  });

  test('a body with raw characters passes by the signature of its escaped form, and no other', async () => {
    const change = (name: string) => page(`{"id":"1","changes":[{"field":"feed","value":{"name":"${name}"}}]}`);
    const { response, heard } = deliver(
      createRig(),
      change('Jörg 😀'),
      sign(change(String.raw`J\u00f6rg \ud83d\ude00`)),
    );
    expect((await response).status).toBe(200);
    expect(heard[0]![0]).toEqual({ entry_id: '1', name: 'Jörg 😀' });
    const upper = deliver(createRig(), change('Jörg'), sign(change(String.raw`J\u00F6rg`)));
    expect((await upper.response).status).toBe(401);
  });

  test('what an ad account tells reaches the organization that is connected to it', async () => {
    const rig = createRig();
    await rig.paste(pasted);
    const body = '{"object":"ad_account","entry":[{"id":"1102330001","changes":[{"field":"with_issues_ad_objects"}]}]}';
    const { response, heard } = deliver(rig, body);
    await response;
    expect(heard).toEqual([
      [
        { entry_id: '1102330001' },
        expect.objectContaining({
          organizationId,
          accountId: 'act_1102330001',
          type: 'ad_account.with_issues_ad_objects',
        }),
      ],
    ]);
  });

  test('entries of another kind are taken and tell nothing; what is no delivery is refused', async () => {
    const other = deliver(createRig(), page('{"id":"1","messaging":[{}]}'));
    expect((await other.response).status).toBe(200);
    expect(other.heard).toEqual([]);
    expect((await deliver(createRig(), '{"object":"page"}').response).status).toBe(400);
  });

  test('copies are remembered for longer than the 36 hours for which the vendor goes on trying', () => {
    expect(webhooks.rememberDays).toBeGreaterThan(1.5);
  });
});
