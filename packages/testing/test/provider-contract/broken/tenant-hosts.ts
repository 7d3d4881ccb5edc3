import { reveal, text as textOf, type Api, type Credentials, type JsonObject, type OAuthClient } from '@plugboard/core';
import { secret, text } from '@plugboard/core/fields';
import { z } from 'zod';

import { fields, selfHosted, type SelfHosted } from '../self-hosted.ts';
import { factoryOf, items } from '../sound.ts';
import type { Broken } from './broken.ts';

interface Fault extends Pick<Broken, 'fails' | 'because'> {
  readonly change: (definition: SelfHosted) => object;
}

function broken(fault: string, { fails, because, change }: Fault): Broken {
  return { fault, fails, because, factory: factoryOf(change(selfHosted.definition)) };
}

function withAuth(definition: SelfHosted, name: keyof SelfHosted['auth'], change: object): object {
  return { ...definition, auth: { ...definition.auth, [name]: { ...definition.auth[name], ...change } } };
}

interface Named {
  readonly credentials: Credentials;
  readonly metadata: JsonObject;
}

const serverOf = ({ credentials }: Pick<Named, 'credentials'>) => [reveal(credentials['server'] ?? '')];

export const brokenTenantHosts = [
  broken('a server that may be anything', {
    fails: 'F01 F02 F05 tenant hosts: `server` takes nothing but a plain host name',
    because: /tenantHosts names the field/,
    change: (definition) => {
      const credentials = z.strictObject({ key: secret('Key'), server: text('Server') });
      return {
        ...withAuth(definition, 'key', { credentials }),
        tenantHosts: serverOf,
        api: { ...definition.api, baseUrl: (api: Api) => `https://${api.credentials(credentials).server}/v1` },
      };
    },
  }),
  broken('hosts that nobody names', {
    fails: 'F01 tenant hosts: a value that somebody enters names them',
    because: /fields whose example/,
    change: (definition) => ({ ...definition, hosts: ['shop.acme.example'], tenantHosts: () => [] }),
  }),
  broken('a host that is read from an answer', {
    fails: 'B09 tenant hosts: a host that an answer names gets no request',
    because: /another host was called/,
    change: (definition) => ({
      ...definition,
      tenantHosts: (source: Named) => [textOf(source.metadata['host']) ?? [], serverOf(source)].flat(),
      async account(api: Api) {
        const { next } = await api.call(items.list, {});
        const { host } = new URL(textOf(next) ?? 'https://shop.acme.example');
        return { kind: 'known', account: { id: 'ac_1', name: 'Example Ltd' }, metadata: { host } };
      },
      api: {
        ...definition.api,
        baseUrl: (api: Api) => `https://${textOf(api.metadata['host']) ?? api.credentials(fields).server}/v1`,
      },
    }),
  }),
  broken('a description of the server that is believed whoever wrote it', {
    fails: 'F06 oauth: a hostile description of the server ends the flow before it begins',
    because: /must be refused/,
    change: (definition) =>
      withAuth(definition, 'oauth', {
        async discover(client: OAuthClient) {
          const url = `${String(client.app['issuer'])}/.well-known/openid-configuration`;
          return (await client.request({ method: 'GET', url })).json();
        },
      }),
  }),
];
