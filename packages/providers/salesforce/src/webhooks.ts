/**
 * Outbound messages of workflows and flows: SOAP, and signed by nobody. Each organization gets a token of its own, made of
 * the deployment's secret and the organization's id, for the address that its administrator enters.
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm (2026-11-20)
 */
import { checkInput, configurationError, encodeHex, equalText, hmac, invalidInput } from '@plugboard/core';
import { reveal, signatureScheme } from '@plugboard/core';
import type { Api, Delivery, JsonObject, WebhookDefinition, WebhookEvent, WebhookVector } from '@plugboard/core';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { z } from '@plugboard/core/fields';

const header = 'x-webhook-token';
const parameter = 'token';

/** Ids of 15 characters differ by case alone; three more of 18 tell which of them are upper case. */
export function longId(id: string): string {
  if (id.length !== 15) return id;
  const upper = (start: number) =>
    [0, 1, 2, 3, 4].reduce((sum, bit) => sum + (/[A-Z]/.test(id.charAt(start + bit)) ? 2 ** bit : 0), 0);
  return id + [0, 5, 10].map((start) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'.charAt(upper(start))).join('');
}

/** Elements of that name, whatever prefix its namespace has. */
function children(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  const elements = (element?.children ?? []).filter((node): node is XmlElement => node instanceof XmlElement);
  return elements.filter((node) => localName(node) === name);
}

const localName = ({ name }: XmlElement) => name.slice(name.indexOf(':') + 1);

interface Message {
  readonly organizationId: string;
  readonly root: XmlElement;
}

/** Undefined for whatever is no outbound message. */
function read({ body }: Pick<Delivery, 'body'>): Message | undefined {
  try {
    const { root } = parseXml(new TextDecoder('utf-8', { fatal: true }).decode(body).trim());
    const [message, ...others] = children(children(root ?? undefined, 'Body')[0], 'notifications');
    const [organization, ...more] = children(message, 'OrganizationId');
    const id = organization?.text ?? '';
    if (message === undefined || others.length + more.length > 0) return undefined;
    return /^00D(?:[A-Za-z0-9]{12}|[A-Za-z0-9]{15})$/.test(id)
      ? { organizationId: longId(id), root: message }
      : undefined;
  } catch {
    return undefined;
  }
}

const tokenOf = async (secret: string, organizationId: string) =>
  encodeHex(await hmac('sha256', secret, organizationId));

/** @throws PlugboardError code `webhook_not_configured`. */
export async function tokenFor({ app, account, stub }: Api): Promise<{ header: string; token: string; query: string }> {
  const { webhookSecret } = app;
  if (webhookSecret === undefined || (account === null && !stub)) {
    const hint = 'Set SALESFORCE_WEBHOOK_SECRET to a random text.';
    throw configurationError('webhook_not_configured', 'Outbound messages have no secret.', hint);
  }
  const token = await tokenOf(reveal(webhookSecret), longId(account?.id ?? ''));
  return { header, token, query: `?${parameter}=${token}` };
}

const verify = signatureScheme<string>({
  key: (secret) => secret,
  read(delivery) {
    const [query, ...others] = delivery.url.searchParams.getAll(parameter);
    const token = delivery.headers.get(header) ?? query ?? '';
    if (token === '') return 'signature_missing';
    if (!/^[0-9a-f]{64}$/.test(token) || others.length > 0) return 'signature_invalid';
    const message = read(delivery);
    return message === undefined ? 'malformed' : { signatures: [token], contents: [[message.organizationId]] };
  },
  async matches(secret, [organizationId = ''], [token = '']) {
    return equalText(await tokenOf(secret, String(organizationId)), token);
  },
});

/** The session id of a message, a live token, is left where it is. */
function parse(delivery: Delivery): WebhookEvent[] {
  const message = read(delivery);
  if (message === undefined) throw invalidInput('The webhook body', [{ path: '', message: 'is no outbound message' }]);
  const { organizationId, root } = message;
  return children(root, 'Notification').map((notification) => {
    const [object] = children(notification, 'sObject');
    const id = children(notification, 'Id')[0]?.text ?? '';
    const fields = (object?.children ?? []).filter((node): node is XmlElement => node instanceof XmlElement);
    const data = checkInput(
      notified,
      {
        actionId: children(root, 'ActionId')[0]?.text,
        type: object?.attributes['xsi:type']?.replace(/^.*:/, ''),
        fields: Object.fromEntries(fields.map((field) => [localName(field), isNil(field) ? null : field.text])),
      },
      'The notification',
    );
    // Ids are told by the sender: no organization may spend one of another.
    const event = { id: `${organizationId}/${id}`, accountId: organizationId };
    return { type: 'outbound_message', ...event, data: data as JsonObject };
  });
}

const isNil = ({ attributes }: XmlElement) => attributes['xsi:nil'] === 'true';
const notified = z.looseObject({
  actionId: z.string(),
  /** `Contact`, `My_Object__c`. */
  type: z.string(),
  fields: z.record(z.string(), z.string().nullable()),
});

const envelope = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"';
const outbound = 'xmlns="http://soap.sforce.com/2005/09/outbound"';
const head = '<?xml version="1.0" encoding="UTF-8"?>';

const vector: WebhookVector = {
  name: 'a changed contact',
  source: 'computed',
  secret: 'a-secret-of-the-deployment',
  headers: {
    [header]: 'a91263c1d123180b6a2430d7041d8bef0bc5bea40d53fcd34d84ffcd222274b2',
    'content-type': 'text/xml; charset=UTF-8',
  },
  body: `${head}<soapenv:Envelope ${envelope} xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications ${outbound}><OrganizationId>00Dxx0000001gPFEAY</OrganizationId><ActionId>04kxx0000004CAeAAM</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/68.0/00Dxx0000001gPF</EnterpriseUrl><PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/68.0/00Dxx0000001gPF</PartnerUrl><Notification><Id>04lxx000000Bu5LAAS</Id><sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>003xx000004TmiQAAS</sf:Id><sf:Email>jane@acme.example</sf:Email></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>`,
  ok: true,
  events: ['outbound_message'],
};

export const webhooks = {
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm',
  secrets: ({ app }) => [app['webhookSecret']],
  verify,
  parse,
  // Whatever is not acknowledged is sent again for a day.
  reply: () => ({
    status: 200,
    headers: { 'content-type': 'text/xml; charset=UTF-8' },
    body: `${head}<soapenv:Envelope ${envelope}><soapenv:Body><notificationsResponse ${outbound}><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`,
  }),
  events: { outbound_message: notified },
  // There is no time in it.
  rememberDays: 7,
  vectors: [vector],
  async sign({ body }, secret) {
    const message = read({ body: new TextEncoder().encode(body) });
    return { [header]: await tokenOf(secret, message?.organizationId ?? '') };
  },
} satisfies WebhookDefinition;
