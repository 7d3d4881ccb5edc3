/** What `pnpm mutate` changes, area by area, and the tests that have to notice. */
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
    about: 'which addresses, hosts and redirects a call may reach',
    files: [
      'transport/addresses.ts',
      'transport/guarded-connector.ts',
      'transport/redirect.ts',
      'transport/budgets.ts',
      'url.ts',
      'hosts.ts',
      'host-name.ts',
    ],
    tests: [
      `${core}/{egress,egress-edges,url,host-name,hosts,tenant-hosts}.test.ts`,
      `${core}/transport-{answers,bounds,wires}.test.ts`,
    ],
  },
  tokens: {
    about: 'id tokens, signed assertions, PKCE',
    files: ['auth/{pkce,id-token,jwt,client-assertion}.ts'],
    tests: [
      `${core}/{id-token,id-token-edges,client-assertion,client-auth,discovery}.test.ts`,
      `${core}/webhooks/{key-cache,jwt-signature}.test.ts`,
    ],
  },
  state: {
    about: 'the state of OAuth flows, its single use, the browser that it belongs to, and where it leads back',
    files: ['connections/{state,one-time,return-to,session-key}.ts'],
    tests: [`${core}/{connect-oauth,browser-step,id-token-edges,isolation}.test.ts`],
  },
  webhooks: {
    about: 'signatures of deliveries, their age and their keys',
    files: [
      'webhooks/{hmac,ed25519,jwt}-signature.ts',
      'webhooks/{ed25519,mac,freshness,key-cache,signature-header,signed-header,static-token}.ts',
      'webhooks/{standard-webhooks,standard-webhook-secret,secrets,certificate,escaped-body,scheme}.ts',
    ],
    // Without the comparisons with other implementations, thousands of deliveries for each mutant.
    tests: [`${core}/webhooks/!(oracles|properties).test.ts`],
  },
  refresh: {
    about: 'one refresh at a time, nothing lost between the vendor and the store',
    files: ['connections/refresh*.ts', 'connections/{provider-breaker,shadow,outage,lifetime}.ts'],
    tests: [`${core}/{refresh,refresh-scheduler,refresh-turns,revoke,credential-breaker}.test.ts`],
  },
};
