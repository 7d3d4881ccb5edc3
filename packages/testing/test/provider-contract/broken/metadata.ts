import { broken, withAuth, withErrors, withItem } from './broken.ts';

export const brokenMetadata = [
  broken('facts checked in the future', {
    fails: 'metadata: the date of the facts is one of the calendar, and past',
    because: /docs\.checked/,
    change: (definition) => ({ ...definition, docs: { ...definition.docs, checked: '2999-01-01' } }),
  }),
  broken('facts checked on a day that does not exist', {
    fails: 'metadata: the date of the facts is one of the calendar, and past',
    because: /docs\.checked/,
    change: (definition) => ({ ...definition, docs: { ...definition.docs, checked: '2026-02-30' } }),
  }),
  broken('a page without https', {
    fails: 'metadata: every page is an https address',
    because: /http:\/\/acme\.example\/keys/,
    change: (definition) => ({ ...definition, docs: { ...definition.docs, keys: 'http://acme.example/keys' } }),
  }),
  broken('two values from one environment name', {
    fails: 'metadata: environment names are well formed and each is used once',
    because: /ACME_CLIENT_ID/,
    change: ({ app, ...definition }) => ({
      ...definition,
      app: { ...app, clientSecret: { title: 'Client secret', env: 'ACME_CLIENT_ID' } },
    }),
  }),
  broken('a summary that is no sentence', {
    fails: 'metadata: every summary is one sentence, every flag has a description',
    because: /adds item/,
    change: (definition) => withItem(definition, 'add', { summary: 'adds item' }),
  }),
  broken('a token endpoint on a host that is not declared', {
    fails: 'R58 metadata: the engine calls nothing but declared hosts, by https',
    because: /login\.acme\.example is not among the declared hosts/,
    change: (definition) => withAuth(definition, 'oauth', { token: { url: 'https://login.acme.example/token' } }),
  }),
  broken('an endpoint on plain http', {
    fails: 'R58 metadata: the engine calls nothing but declared hosts, by https',
    because: /http:\/\/api\.acme\.example/,
    change: (definition) => withItem(definition, 'add', { baseUrl: 'http://api.acme.example/v1' }),
  }),
  broken('a limit of nothing', {
    fails: 'R58 metadata: limits are whole and positive',
    because: /^0/,
    change: (definition) => withItem(definition, 'list', { limits: [{ requests: 0, perMs: 1000 }] }),
  }),
  broken('a cost where no limit counts units', {
    fails: 'R58 metadata: limits are whole and positive',
    because: /no limit counts units/,
    change: (definition) => withItem(definition, 'list', { cost: 5 }),
  }),
  broken('a cost beyond all that a limit has', {
    fails: 'R58 metadata: limits are whole and positive',
    because: /cost 5/,
    change: (definition) =>
      withItem(definition, 'list', { cost: 5, limits: [{ requests: 4, perMs: 1000, counts: 'units' }] }),
  }),
  broken('an example that its own schema refuses', {
    fails: 'metadata: examples of credentials pass their schema',
    because: /key/,
    change: (definition) => withAuth(definition, 'key', { example: { key: 'not a key' } }),
  }),
  broken('a scope without a reason', {
    fails: 'R58 metadata: OAuth `oauth` declares its scopes, their reasons and its end',
    because: /items:read/,
    change: (definition) => withAuth(definition, 'oauth', { scopes: { ask: [], known: { 'items:read': '' } } }),
  }),
  broken('an operation that needs an unknown scope', {
    fails: 'R58 metadata: OAuth `oauth` declares its scopes, their reasons and its end',
    because: /known scopes/,
    change: (definition) => withItem(definition, 'add', { scopes: ['items:create'] }),
  }),
  broken('a grace of no time', {
    fails: 'R58 metadata: OAuth `oauth` declares its scopes, their reasons and its end',
    because: /seconds of grace/,
    change: (definition) => withAuth(definition, 'oauth', { refresh: { rotation: { graceSeconds: 0 } } }),
  }),
  broken('an error that is not what it says', {
    fails: 'error `quota` is classified as declared',
    because: /rate_limited/,
    change: (definition) => withErrors(definition, { classify: undefined }),
  }),
];
