/** Steps in the browser that are not what their vendor or the host expects. */
import {
  bodyMember,
  need,
  readTokenAnswer,
  PlugboardError,
  unsupported,
  type AnyDefinition,
  type Api,
  type BrowserOptions,
  type OAuthClient,
  type ProviderFactory,
} from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { z } from 'zod';

import { stepping } from '../stepping.ts';
import { factoryOf } from '../sound.ts';

export interface BrokenStep {
  readonly fault: string;
  readonly fails: string;
  readonly because: RegExp;
  readonly factory: ProviderFactory<AnyDefinition>;
}

const { definition } = stepping;
const { link, proxy } = definition.auth;
const { items } = definition.operations;

function faulty(
  fault: string,
  { fails, because }: Pick<BrokenStep, 'fails' | 'because'>,
  change: Partial<BrowserOptions>,
  rest: object = {},
): BrokenStep {
  const changed = { ...definition, auth: { ...definition.auth, link: { ...link, ...change } }, ...rest };
  return { fault, fails, because, factory: factoryOf(changed) as unknown as ProviderFactory<AnyDefinition> };
}

const page = 'B05 link: the page that opens the step gets no secret';
const repaired = 'link: a step on a connection repairs or replaces it, and it stays the same one';
const refreshed = 'link: a grant that ends is refreshed, again and again, once for all who wait';
const token = (text: string) => ({ credentials: { accessToken: text } });
let accounts = 0;

export const brokenSteps: readonly BrokenStep[] = [
  faulty(
    'a page that gets the secret of the app',
    { fails: page, because: /secrets in what the page gets/ },
    {
      start: async ({ app }) => ({ page: { key: need(app, 'clientSecret') } }),
    },
  ),
  faulty(
    'a page that gets the token that it repairs',
    { fails: page, because: /granted accessToken/ },
    {
      start: async ({ credentials }) => ({
        page: { token: credentials['accessToken'] === undefined ? '' : need(credentials, 'accessToken') },
      }),
    },
  ),
  faulty(
    'an end that takes any refusal for a grant',
    { fails: 'link: a step that the vendor refuses at its end connects nothing', because: /this must be refused/ },
    { complete: (client: OAuthClient) => link.complete(client).catch(() => token('made-up')) },
    { account: async () => ({ kind: 'known', account: { id: 'item-1', name: 'First Bank' } }) },
  ),
  faulty(
    'a repair that forgets the token',
    { fails: repaired, because: /credential_missing/ },
    {
      complete: async (client: OAuthClient) =>
        client.input['repairs'] === true ? { credentials: { other: 'x' } } : link.complete(client),
    },
  ),
  faulty(
    'an account that is another one each time',
    { fails: repaired, because: /another account/ },
    {},
    { account: async () => ({ kind: 'known', account: { id: `item-${++accounts}`, name: 'First Bank' } }) },
  ),
  faulty(
    'a refresh of a grant without an end',
    { fails: refreshed, because: /says when it ends/ },
    {
      complete: async (client: OAuthClient) => {
        const grant = await link.complete(client);
        return grant === 'keep' ? grant : { credentials: grant.credentials };
      },
    },
  ),
  faulty(
    'a refresh that brings no token',
    { fails: refreshed, because: /without an access token/ },
    {
      refresh: { rotation: 'stable', run: async () => ({ credentials: {}, expiresInMs: 3_600_000 }) },
    },
  ),
  faulty(
    'a refresh that does not ask the vendor',
    { fails: refreshed, because: /answered 401/ },
    {
      refresh: {
        rotation: 'stable',
        run: async ({ credentials }) => ({ credentials, expiresInMs: 3_600_000 }),
      },
    },
  ),
  faulty(
    'a refresh for which an outage is the end',
    { fails: 'D07 link: an outage of the refresh costs nobody the connection', because: /expired/ },
    {
      refresh: {
        rotation: 'stable',
        run: async (client) => {
          const url = 'https://api.stepping.example/renew';
          const json = { access_token: need(client.credentials, 'accessToken') };
          const answer = await client.request({ method: 'POST', url, json }).catch(() => {
            throw new PlugboardError({ kind: 'auth', code: 'invalid_grant', message: 'It is over.' });
          });
          return readTokenAnswer(answer.json());
        },
      },
    },
  ),
  faulty(
    'a way to connect that cannot do what names it',
    { fails: 'request items.find by `proxy`: what is sent is what its example encodes', because: /by a link alone/ },
    {},
    {
      operations: {
        items: {
          ...items,
          find: {
            ...items.find,
            encode(input: object, { method }: Api) {
              if (method !== 'link') throw unsupported('It is found by a link alone.', 'Connect by one.');
              return { json: input };
            },
          },
        },
      },
    },
  ),
  faulty(
    'a minted token without an end',
    { fails: 'proxy: a grant that ends is refreshed, again and again, once for all who wait', because: /says when/ },
    {},
    {
      auth: {
        ...definition.auth,
        proxy: {
          ...proxy,
          mint: async (client: OAuthClient) => ({ credentials: (await proxy.mint(client)).credentials }),
        },
      },
    },
  ),
  faulty(
    'an end that tells nobody',
    {
      fails: 'link: disconnecting ends the grant at the vendor as far as it offers to',
      because: /expected false to be true/,
    },
    { revoke: async () => undefined },
  ),
  faulty(
    'a copy of the token in another member of the body',
    { fails: 'B05 link: signing touches the declared places and no other', because: /body:copy/ },
    {
      sign: {
        places: ['body:access_token'],
        async apply(request, context) {
          await bodyMember('copy', 'accessToken').apply(request, context);
          await link.sign.apply(request, context);
        },
      },
    },
  ),
  faulty(
    'what the step hands back may hold more than is declared',
    { fails: 'F07 link: a field that does not exist is refused', because: /this must be refused/ },
    { credentials: z.looseObject({ publicToken: secret('Public token') }) },
  ),
];
