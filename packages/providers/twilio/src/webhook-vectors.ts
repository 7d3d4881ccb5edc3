/** Vectors of the vendor's own libraries for Node and Python (2026). */
import type { WebhookVector } from '@plugboard/core';

const host = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const form = 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
const emptyHash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

function vector(name: string, url: string, signature: string, body = form): WebhookVector {
  const type = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
  return {
    name,
    source: 'vendor',
    secret: '12345',
    url,
    headers: { 'x-twilio-signature': signature, 'content-type': type },
    body,
    ok: true,
    ...(body === form && { events: ['call.status'] }),
  };
}

export const vectors: readonly WebhookVector[] = [
  vector('a form', host, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='),
  vector('a form that was signed without the port', 'https://mycompany.com:1234/myapp.php?foo=1&bar=2', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='),
  vector('a form that was signed with the default port', host, 'kvajT1Ptam85bY51eRf/AJRuM3w='),
  vector('plain http that was signed with the default port', host.replace('https', 'http'), '0ZXoZLH/DfblKGATFgpif+LLRf4='),
  vector('plain http with a port', 'http://mycompany.com:1234/myapp.php?foo=1&bar=2', 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU='),
  vector('user and password in the URL', 'https://user:pass@mycompany.com/myapp.php?foo=1&bar=2', 'CukzLTc1tT5dXEDIHm/tKBanW10='),
  vector('user in the URL', 'https://user@mycompany.com/myapp.php?foo=1&bar=2', '2YRLlVAflCqxaNicjMpJcSTgzSs='),
  vector('a repeated parameter', host, 'IK+Dwps556ElfBT0I3Rgjkr1wJU=', 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234'),
  vector('an empty object by its hash', `${host}&bodySHA256=${emptyHash}`, 'Ldidvp12m26NI7eqEvxnEpkd9Hc=', '{}'),
];
