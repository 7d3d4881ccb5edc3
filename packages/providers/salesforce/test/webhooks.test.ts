import { createHmac } from 'node:crypto';

import { createTestBoard } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { salesforce } from '../src/index.ts';
import { longId } from '../src/webhooks.ts';

const webhookSecret = 'a-secret-of-the-deployment';
const id = '00Dxx0000001gPFEAY';
const tokenOf = (organization: string) => createHmac('sha256', webhookSecret).update(organization).digest('hex');
const [{ body }] = salesforce.definition.webhooks!.vectors as unknown as [{ body: string }];
const url = 'https://app.example.com/integrations/webhooks/salesforce';

async function rig() {
  const app = { clientId: 'key-of-the-host', clientSecret: 'secret-of-the-host', webhookSecret };
  const { authorize, board } = createTestBoard(salesforce(app));
  await authorize();
  const heard: unknown[] = [];
  board.on('salesforce', 'outbound_message', (data, { organizationId, id: eventId }) => {
    heard.push({ organizationId, eventId, data });
  });
  return {
    board,
    heard,
    async receive(text: string, { query = '', token }: { readonly query?: string; readonly token?: string } = {}) {
      const headers = { 'content-type': 'text/xml', ...(token !== undefined && { 'x-webhook-token': token }) };
      const answer = await board.webhooks.receive(
        'salesforce',
        new Request(url + query, { method: 'POST', headers, body: text }),
      );
      return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
    },
  };
}

test('a message with the token of its organization reaches that organization once, and is acknowledged', async () => {
  const { board, heard, receive } = await rig();
  const made = await board.client('salesforce', { organizationId: 'org-1' }).outboundMessages.token();
  expect(made).toEqual({ header: 'x-webhook-token', token: tokenOf(id), query: `?token=${tokenOf(id)}` });
  const answer = await receive(body, { query: made.query });
  expect([answer.status, answer.type]).toEqual([200, 'text/xml; charset=UTF-8']);
  expect(answer.text).toContain(
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>',
  );
  expect((await receive(body, { token: made.token })).status).toBe(200);
  const data = {
    actionId: '04kxx0000004CAeAAM',
    type: 'Contact',
    fields: { Id: '003xx000004TmiQAAS', Email: 'jane@acme.example' },
  };
  expect(heard).toEqual([{ organizationId: 'org-1', eventId: `${id}/04lxx000000Bu5LAAS`, data }]);
});

test('several notifications are several events; empty fields are null; the session id goes nowhere', async () => {
  const { heard, receive } = await rig();
  const second =
    '<Notification><Id>04lxx000000Bu5MAAS</Id><sObject xsi:type="sf:Lead"><sf:Phone xsi:nil="true"/></sObject></Notification>';
  const text = body
    .replace('</Notification>', `</Notification>${second}`)
    .replace('<SessionId xsi:nil="true"/>', '<SessionId>00Dxx!a-live-session</SessionId>')
    .replace('jane@acme.example', 'a &amp; b &lt;c&gt;');
  expect((await receive(text, { token: tokenOf(id) })).status).toBe(200);
  expect(heard).toMatchObject([
    { data: { fields: { Email: 'a & b <c>' } } },
    { eventId: `${id}/04lxx000000Bu5MAAS`, data: { type: 'Lead', fields: { Phone: null } } },
  ]);
  expect(JSON.stringify(heard)).not.toContain('a-live-session');
});

test('no token speaks for another organization, however the message is built', async () => {
  const { heard, receive } = await rig();
  const other = '00Dyy0000009zZZZZZ';
  const token = tokenOf(other);
  const named = `<OrganizationId>${id}</OrganizationId>`;
  const mine = `<OrganizationId>${other}</OrganizationId>`;
  const tries = [
    body,
    body.replace(named, `<!-- ${mine} -->${named}`),
    body.replace(named, `<![CDATA[${mine}]]>${named}`),
    body.replace(named, mine + named),
    body.replace(named, named + mine),
    body.replace('<soapenv:Body>', `<x>${mine}</x><soapenv:Body>`),
    body.replace('<soapenv:Body>', `<soapenv:Body><notifications>${mine}</notifications>`),
    body.replace(named, `<OrganizationId>${other}<x/>${id}</OrganizationId>`),
  ];
  for (const text of tries) {
    expect((await receive(text, { token })).status, text).toBeGreaterThanOrEqual(400);
    expect((await receive(text, { query: `?token=${token}` })).status, text).toBeGreaterThanOrEqual(400);
  }
  expect(heard).toEqual([]);
});

test('a missing, doubled or foreign token is refused, and so is what is no message', async () => {
  const { heard, receive } = await rig();
  const token = tokenOf(id);
  expect((await receive(body)).status).toBe(401);
  expect((await receive(body, { query: `?token=${token}&token=${token}` })).status).toBe(401);
  expect((await receive(body, { token: token.toUpperCase() })).status).toBe(401);
  expect((await receive(body, { token: `${token}0` })).status).toBe(401);
  const bomb = `<!DOCTYPE x [<!ENTITY a "${id}">]>`;
  const strange = body.replace(id, '&a;').replace('<?xml version="1.0" encoding="UTF-8"?>', bomb);
  for (const text of ['', '{}', '<x/>', body.slice(0, -5), strange, body.replace(id, 'x')]) {
    expect((await receive(text, { token })).status, text).toBe(400);
  }
  expect(heard).toEqual([]);
});

test('ids of 15 and of 18 characters are the same organization', async () => {
  expect(longId('00Dxx0000001gPF')).toBe(id);
  expect(longId('001D000000IRFma')).toBe('001D000000IRFmaIAH');
  expect(longId(id)).toBe(id);
  const { heard, receive } = await rig();
  await receive(body.replaceAll(id, '00Dxx0000001gPF'), { token: tokenOf(id) });
  expect(heard).toMatchObject([{ organizationId: 'org-1' }]);
});
