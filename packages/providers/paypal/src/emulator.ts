/** PayPal's double: orders that remember what was done to them, and a certificate that nobody else would believe. */
import { crc32, encodeBase64, encodeUtf8, exampleRsaKey, type JsonObject, type WebhookVector } from '@plugboard/core';
import type {
  EmulatedReply,
  EmulatedRequest,
  EmulatorExtension,
  EmulatorRoute,
  WebhookDefinition,
} from '@plugboard/core';

import { apiUrl } from './credentials.ts';

const certificateId = 'CERT-360caa42-fca2a594-1d93a270';
/** For the key of `exampleRsaKey`, until 2099. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIC5zCCAc+gAwIBAgIBATANBgkqhkiG9w0BAQsFADA2MTQwMgYDVQQDDCttZXNzYWdldmVyaWZpY2F0aW9uY2VydHMuc2FuZGJveC5wYXlwYWwuY29t
MCAXDTI2MDEwMTAwMDAwMFoYDzIwOTkxMjMxMjM1OTU5WjA2MTQwMgYDVQQDDCttZXNzYWdldmVyaWZpY2F0aW9uY2VydHMuc2FuZGJveC5wYXlwYWwu
Y29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw
+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5re
xMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9ia
GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQCUk07UIWVZryKda/EZfU5OOLEaMRtVaMJ6EGg3IrL9
yb2LGmEiM0bEsY7NnfLxPm8oExlv3ZCuaKqfqLpBsvwmZ9VISGblbYVRlBa4RDtoUwzjV0Un1u1m9ACO5kXuEd1BVPXUoW5MvyEAiJEomM8XgxEjUbWg
aFvhTDcmZ6v6hdSE6eEgiN/pKZozdrt6kptzdFY/QdKhuyppWLdzKT8of4eHCCKkxSMh+566ZXfSChBGqK+qC+KA0TZ0O8Ek+yxIRVCJ0UNtBkJ/YQ6M
5ukhTjSpTxFXh2ujy0OuvADwRBtzgz7XxdoFruIwmhskW19Zi8nW16sn+OVm/wgALiTF
-----END CERTIFICATE-----
`;

/** Signs as PayPal does, with a key whose certificate only the emulator serves. */
export const sign: WebhookDefinition['sign'] = async ({ body, at }, secret) => {
  const [environment = '', webhookId = ''] = secret.split(' ');
  const bytes = encodeUtf8(body);
  const checksum = crc32(bytes);
  const hex = (value: number, length: number) => value.toString(16).padStart(length, '0');
  const id = `${hex(checksum, 8)}-d67a-11e5-baa3-${hex(at.getTime(), 12)}`;
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', exampleRsaKey(), algorithm, false, ['sign']);
  const message = encodeUtf8(`${id}|${time}|${webhookId}|${checksum}`);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm.name, key, message));
  return {
    'paypal-transmission-id': id,
    'paypal-transmission-time': time,
    'paypal-transmission-sig': encodeBase64(signature),
    'paypal-cert-url': `${apiUrl(environment)}/v1/notifications/certs/${certificateId}`,
    'paypal-auth-algo': 'SHA256withRSA',
  };
};

export const vector: WebhookVector = {
  name: 'a capture',
  source: 'computed',
  secret: 'sandbox 1JE4291016473214C certificate',
  headers: {
    'paypal-transmission-id': '69cd13f0-d67a-11e5-baa3-778b53f4ae55',
    'paypal-transmission-time': '2026-11-20T10:00:05Z',
    'paypal-transmission-sig':
      'U4euWxnNSIdoVor4osOGUWOy17Our8GqfJM1ZkzjKJWV/vJmM0w7+LQIVtUsDGDtAC5zagdYtsM2kbMX7a5ajwFPB7lOcnt271r6w0dfJF0bPSBXeKjnzyfDML1oCSzqrjwXeYWBAAiII4uxZGhSlgmqcq/UQtkFC7ln3iN/1Xc6sOzDDGk+1YHkV2BdKJmmUa/nwouCU/kkhKFVFMpA6iRFoSDIEip4Szt9F/V/m4GI4G4Gy43Kg0QXPxlQPknmsrYVxzphGR4PyI8UdTXEdOq0Yq96yKcbhBH+HMw5CzmXHk0gA8lI+ywIkMxhAGu8xtZ5vocVIwgy3xiAgfzbPQ==',
    'paypal-cert-url': `${apiUrl('sandbox')}/v1/notifications/certs/${certificateId}`,
    'paypal-auth-algo': 'SHA256withRSA',
  },
  body: '{"id":"WH-0G2756385H040842W-5Y612302CV158622M","create_time":"2026-11-20T10:00:00.000Z","resource_type":"capture","event_type":"PAYMENT.CAPTURE.COMPLETED","event_version":"1.0","summary":"Payment completed for $ 10.0 USD","resource_version":"2.0","resource":{"id":"3C679366HH908993F","status":"COMPLETED","amount":{"currency_code":"USD","value":"10.00"}},"links":[]}',
  at: '2026-11-20T10:00:05Z',
  ok: true,
  events: ['PAYMENT.CAPTURE.COMPLETED'],
};

export const emulator: EmulatorExtension = (vendor) => {
  const orders = vendor.table('orders');
  const keys = vendor.table('keys');

  /** The same answer for the same key, as long as this double lives. */
  function once({ headers }: EmulatedRequest, run: () => JsonObject): EmulatedReply {
    const key = headers.get('paypal-request-id') ?? '';
    const before = keys.get(key);
    const json = before ?? run();
    keys.set(key, json);
    return before === undefined ? { status: 201, json } : { json };
  }

  const create: EmulatorRoute = (request) =>
    once(request, () => {
      const id = vendor.id('5O');
      const links = [{ href: `https://www.sandbox.paypal.com/checkoutnow?token=${id}`, rel: 'approve', method: 'GET' }];
      const order = { ...(request.json as JsonObject), id, status: 'CREATED', links };
      orders.set(id, order);
      return order;
    });

  const settle =
    (kind: 'captures' | 'authorizations'): EmulatorRoute =>
    (request) => {
      const { id = '' } = request.params;
      const order = orders.get(id) as JsonObject | undefined;
      if (order === undefined) return undefined;
      const again = keys.has(request.headers.get('paypal-request-id') ?? '');
      if (order['status'] === 'COMPLETED' && !again) return vendor.failure('captured');
      const status = kind === 'captures' ? 'COMPLETED' : 'CREATED';
      return once(request, () => {
        const units = (order['purchase_units'] as readonly JsonObject[]).map(({ amount = null, ...unit }) => {
          return { ...unit, amount, payments: { [kind]: [{ id: vendor.id('3C'), status, amount }] } };
        });
        const settled = { ...order, status: 'COMPLETED', purchase_units: units, links: [] };
        orders.set(id, settled);
        return settled;
      });
    };

  return {
    'GET /v1/notifications/certs/{id}': {
      open: true,
      reply: ({ params }) => (params['id'] === certificateId ? { text: certificate } : vendor.failure('notFound')),
    },
    'POST /v2/checkout/orders': create,
    'GET /v2/checkout/orders/{id}': ({ params }) => {
      const json = orders.get(params['id'] ?? '');
      return json === undefined ? undefined : { json };
    },
    'POST /v2/checkout/orders/{id}/capture': settle('captures'),
    'POST /v2/checkout/orders/{id}/authorize': settle('authorizations'),
  };
};
