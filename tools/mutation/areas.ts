/**
 * What `pnpm mutate` changes, area by area, and the tests that have to notice. What is left out, and why, stands at the
 * head of docs/security/mutation.md.
 */
export interface Area {
  /** What the area protects, for the page. */
  readonly about: string;
  /** Files below packages/core/src; `*` stands for any part of a name. */
  readonly files: readonly string[];
  /** Unit test files from the root. Few and near: every mutant runs those of them that reach it. */
  readonly tests: readonly string[];
}

const core = 'packages/core/test';

export const areas: Readonly<Record<string, Area>> = {
  vault: {
    about: 'sealing, opening, key ring, keys, formats',
    files: ['vault/*.ts'],
    tests: [`${core}/vault-*.test.ts`],
  },
  egress: {
    about: 'which addresses, hosts and redirects a call may reach, and which headers it may carry',
    files: [
      'transport/addresses.ts',
      'transport/guarded-connector.ts',
      'transport/redirect.ts',
      'transport/budgets.ts',
      'transport/headers.ts',
      'transport/fetch-wire.ts',
      'url.ts',
      'hosts.ts',
      'host-name.ts',
    ],
    tests: [
      `${core}/{egress,egress-edges,url,host-name,hosts,tenant-hosts}.test.ts`,
      `${core}/transport-{answers,bounds,redirects,wires}.test.ts`,
    ],
  },
  tokens: {
    about: 'id tokens, signed assertions, PKCE, how a client proves itself, which endpoints a server may announce',
    files: ['auth/{pkce,id-token,jwt,client-assertion,client-auth,discovery,sign-jwt}.ts'],
    tests: [
      `${core}/{id-token,id-token-edges,client-assertion,client-auth,discovery,sign-jwt}.test.ts`,
      `${core}/webhooks/{key-cache,jwt-signature}.test.ts`,
    ],
  },
  state: {
    about: 'the state of OAuth flows, its single use, the browser that it belongs to, and where it leads back',
    files: ['connections/{state,one-time,return-to,session-key}.ts'],
    tests: [`${core}/{oauth-state,return-to,browser-step,discovery,id-token-edges}.test.ts`],
  },
  signatures: {
    about: 'signatures of deliveries and their age',
    files: [
      'webhooks/{hmac,ed25519}-signature.ts',
      'webhooks/{ed25519,mac,freshness,signature-header,signed-header,static-token,escaped-body,scheme}.ts',
      'webhooks/{standard-webhooks,standard-webhook-secret}.ts',
    ],
    // Without the comparisons with other implementations, thousands of deliveries for each mutant.
    tests: [
      `${core}/webhooks/{hmac-signature,ed25519-signature,timestamps,static-token}.test.ts`,
      `${core}/webhooks/{standard-webhooks,escaped-body,scheme-keys}.test.ts`,
    ],
  },
  'webhook-keys': {
    about:
      'keys that judge deliveries: signed tokens, sets of keys that vendors publish, certificates, secrets and the ones before, addresses of connections',
    files: [
      'webhooks/{jwt-signature,key-cache,certificate,secrets,address}.ts',
      'connections/webhook-keys.ts',
      'previous-secrets.ts',
    ],
    tests: [
      `${core}/webhooks/{jwt-signature,key-cache,certificate,secrets,scheme-keys}.test.ts`,
      `${core}/{webhook-address,webhook-rotation}.test.ts`,
    ],
  },
  refresh: {
    about: 'one refresh at a time, over all processes, and what marks a token that is about to be spent',
    files: ['connections/refresh.ts', 'connections/refresh-{attempt,call,now}.ts'],
    // Without those with thousands of callers or connections; so below.
    tests: [
      `${core}/{refresh,refresh-turns,refresh-pauses,refresh-outcomes,refresh-now,refresh-restored,isolation}.test.ts`,
    ],
  },
  'refresh-outcomes': {
    about: 'nothing lost between the vendor and the store, no connection ended by an outage',
    files: ['connections/refresh-{facts,failure,outcome,success}.ts', 'connections/persist.ts'],
    tests: [
      `${core}/{refresh,refresh-outcomes,refresh-pauses,refresh-facts,refresh-conflict,refresh-restored,refresh-now,isolation,unreadable,persist}.test.ts`,
    ],
  },
  'refresh-job': {
    about: 'refreshes in the background: what is claimed, sent, written in bulk and given back',
    files: ['connections/refresh-scheduler.ts'],
    tests: [`${core}/{refresh-scheduler,refresh-outcomes,refresh-restored}.test.ts`],
  },
  outages: {
    about: 'what an outage or a refused app holds back, what it leaves of a connection, and when a token is renewed',
    files: ['connections/{provider-breaker,shadow,outage,lifetime,attempts}.ts'],
    tests: [`${core}/{provider-breaker,refresh-facts,outage,attention,refresh-conflict,attempts}.test.ts`],
  },
  rows: {
    about:
      'what is believed of a stored row: its credentials, their version, the facts sealed with them, keys that fit',
    files: ['connections/{envelope,facts,unreadable,reseal,live-row}.ts', 'key-gate.ts'],
    tests: [`${core}/{envelope,unreadable,sealed-facts,find-for-call,key-gate,vault-reseal,webhook-address}.test.ts`],
  },
  deliveries: {
    about: 'whose a delivery is, and that it counts once',
    files: ['webhooks/{body,one-body,ownership,recipients,each-once}.ts'],
    tests: [`${core}/webhooks/{body,one-body,recipients}.test.ts`],
  },
  bytes: {
    about: 'one text for each value, comparisons that take one time, hashes, and chance',
    files: ['{bytes,hash,random}.ts'],
    tests: [`${core}/{bytes,hash}.test.ts`],
  },
  oauth: {
    about:
      'where credentials go: to whom the secret of an app, in which place of a request; what a token answer is taken for',
    files: ['auth/{oauth-client,token-answer,sign}.ts'],
    tests: [`${core}/{oauth-client,oauth-secret,token-answer,sign}.test.ts`],
  },
};
