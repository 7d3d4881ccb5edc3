import { createTestBoard } from '@plugboard/testing';

import { github } from '../src/index.ts';

export const who = { organizationId: 'org-1' };
export const oauthApp = { clientId: 'Iv1.client', clientSecret: 'client-secret', webhookSecret: 'hook-secret' };

type Login = 'oauth' | 'installation';
type Options = NonNullable<Parameters<typeof github>[0]>;

export function createRig(options: Options = {}) {
  const accounts = [{ id: '1', name: 'octocat' }];
  const made = createTestBoard(github({ ...oauthApp, ...options }), { accounts });
  const { authorize, board, sent } = made;
  return {
    ...made,
    client: board.client('github', who),
    connect: (method: Login) => authorize({ method }),
    to: (path: string) => sent.filter(({ url }) => url.pathname === path),
    connection: () => board.connections.get('github', who),
  };
}
