import { expect, test } from 'vitest';

import { oauth2 } from '../src/auth/methods.ts';
import { missingScopes } from '../src/auth/scopes.ts';

const method = oauth2({
  authorize: { url: 'https://v.example/authorize' },
  token: { url: 'https://v.example/token' },
  pkce: 'required',
  scopes: {
    ask: ['read'],
    known: {},
    implies: (scope) => (scope === 'admin' ? ['write'] : scope === 'write' ? ['read'] : []),
  },
  refresh: 'none',
  example: {},
});

test.each([
  ['nobody knows what was granted', ['read'], null, []],
  ['it was granted by name', ['read'], ['read'], []],
  ['it is within another, at any depth', ['read'], ['admin'], []],
  ['it was not granted', ['read', 'send'], ['read'], ['send']],
  ['any one of several is there', [['write', 'send']], ['send'], []],
  ['any one of several is there within another', [['read', 'send']], ['write'], []],
  ['none of several is there: the first stands for them', ['read', ['send', 'compose']], ['read'], ['send']],
] as const)('what is missing when %s', (_when, needed, granted, missing) => {
  expect(missingScopes(method, needed, granted)).toEqual(missing);
});
