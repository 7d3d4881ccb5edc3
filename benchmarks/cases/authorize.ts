/** The authorization URL: what a connect flow costs before the browser is sent away, the store's write apart. */
import { createHash, randomBytes } from 'node:crypto';

import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import * as arctic from 'arctic';

import { benchProvider } from '../harness/provider.ts';
import { measure } from '../harness/measure.ts';
import { rowOf, timeTable, type Benchmark, type Report } from '../harness/report.ts';

const endpoint = 'https://vendor.example/oauth/authorize';
const redirectUri = 'https://app.example.com/integrations/callback/bench';
const scopes = ['contacts.read', 'contacts.write', 'lists.read'];
const floor = 'arctic: state, PKCE, URL';
const ours = 'authorize: the same, sealed flow record, browser cookie';

export const benchmark: Benchmark = {
  title: 'Authorization URL with PKCE S256 and state',
  async run({ rounds }): Promise<Report> {
    const memory = createMemoryStore();
    const now = new Date();
    // Time and the write are the store's part, whatever store it is: both are stood in for.
    const store = {
      ...memory,
      now: async () => now,
      once: { ...memory.once, put: async () => 'stored' as const },
    };
    const board = createPlugboard({
      url: 'https://app.example.com/integrations',
      providers: [benchProvider('https://vendor.example', scopes)({ clientId: 'client-1', clientSecret: 'secret-1' })],
      store,
      keys: { k1: randomBytes(32) },
      mode: 'test',
      log: silentLog,
    });
    await board.ready();
    const client = new arctic.OAuth2Client('client-1', 'secret-1', redirectUri);
    const rows = await measure(
      {
        [floor]: () => {
          const verifier = arctic.generateCodeVerifier();
          const state = arctic.generateState();
          return client.createAuthorizationURLWithPKCE(
            endpoint,
            state,
            arctic.CodeChallengeMethod.S256,
            verifier,
            scopes,
          ).href;
        },
        'node:crypto and URLSearchParams by hand': byHand,
        [ours]: () => board.authorize('bench', { organizationId: 'org_1', userId: 'user_1', returnTo: '/settings' }),
      },
      { rounds },
    );
    return {
      tables: [timeTable('CPU of one authorization URL', rows)],
      goals: [
        { what: 'authorize, CPU against arctic', limit: 1, measured: rowOf(rows, ours).cpuRatio.median, unit: 'x' },
      ],
      notes: [
        'arctic leaves state and verifier to the caller to keep; authorize seals them, with what the callback is checked against.',
      ],
    };
  },
};

function byHand(): string {
  const verifier = randomBytes(32).toString('base64url');
  const params = new URLSearchParams({
    response_type: 'code',
    client_id: 'client-1',
    redirect_uri: redirectUri,
    state: randomBytes(32).toString('base64url'),
    scope: scopes.join(' '),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `${endpoint}?${params.toString()}`;
}
