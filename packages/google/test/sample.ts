import { defineProvider } from '@plugboard/core';

import { googleApp, googleAuth, googleErrors, googleHosts, googleScope, googleUser } from '../src/index.ts';
import { identity, identityHost, identityScopes } from '../src/index.ts';
import { createGoogleRig, target } from './rig.ts';

export const scopes = { more: googleScope('userinfo.more'), less: googleScope('userinfo.less') };

/** As small as a Google provider can be: what the package offers, and nothing of an API. */
export const facts = {
  name: 'Google',
  category: 'identity',
  summary: 'Knows who signed in.',
  docs: {
    home: 'https://www.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/identity',
    checked: '2026-11-20',
  },
  hosts: [...googleHosts, identityHost],
  app: googleApp,
  auth: googleAuth({
    ask: {},
    more: { [scopes.more]: 'Do more.', [scopes.less]: 'Do less.' },
    serviceAccount: { scopes: Object.keys(identityScopes) },
  }),
  api: { baseUrl: `https://${identityHost}`, errors: googleErrors({}, {}) },
  operations: { identity },
} as const;

export const sample = defineProvider({
  ...facts,
  id: 'google-oauth',
  ...googleUser(),
});

export function createRig() {
  const rig = createGoogleRig(sample);
  return {
    ...rig,
    connect: (credentials: { keyFile: string; subject?: string; scopes?: string }) =>
      rig.board.connect('google-oauth', { ...target, method: 'serviceAccount', credentials }),
  };
}
