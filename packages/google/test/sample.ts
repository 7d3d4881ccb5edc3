import { defineProvider } from '@plugboard/core';

import { googleAccount, googleApp, googleErrors, googleHosts, googleOAuth, googleScope } from '../src/index.ts';
import { googleServiceAccount, identity, identityHost, identityScopes, keyFields } from '../src/index.ts';
import { createGoogleRig, target } from './rig.ts';

export const scopes = { more: googleScope('userinfo.more'), less: googleScope('userinfo.less') };
const known = { ...identityScopes, [scopes.more]: 'Do more.', [scopes.less]: 'Do less.' };

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
  auth: {
    oauth: googleOAuth({
      ask: identityScopes,
      more: { [scopes.more]: 'Do more.', [scopes.less]: 'Do less.' },
      implies: { [scopes.more]: [scopes.less] },
    }),
    serviceAccount: googleServiceAccount({
      credentials: keyFields(known),
      scopes: Object.keys(identityScopes),
    }),
  },
  api: { baseUrl: `https://${identityHost}`, errors: googleErrors({}, {}) },
  operations: { identity },
} as const;

export const sample = defineProvider({
  ...facts,
  id: 'google-oauth',
  account: (api) => googleAccount(api, () => api.call(identity.me, {})),
  async healthCheck(api) {
    await api.call(identity.me, {});
    return { status: 'healthy' };
  },
});

export function createRig() {
  const rig = createGoogleRig(sample);
  return {
    ...rig,
    connect: (credentials: { keyFile: string; subject?: string; scopes?: string }) =>
      rig.board.connect('google-oauth', { ...target, method: 'serviceAccount', credentials }),
  };
}
