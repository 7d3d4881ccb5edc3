import { isPlugboardError, PlugboardError, type Answer, type Api } from '@plugboard/core';
import { z } from 'zod';

import { me, sound } from '../sound.ts';
import { broken } from './broken.ts';

const healthy = { status: 'healthy' } as const;
const settings = (change: object) => ({ settings: { ...sound.definition.settings, ...change } });

export const brokenAccounts = [
  broken('an account without a name', {
    fails: 'account key: good credentials connect, and the account has an id and a name',
    because: /\\S/,
    change: (definition) => ({
      ...definition,
      account: async () => ({ kind: 'known', account: { id: 'ac_1', name: ' ' } }),
    }),
  }),
  broken('an account with the id of another', {
    fails: 'account oauth: good credentials connect, and the account has an id and a name',
    because: /ac_1/,
    change: (definition) => ({
      ...definition,
      account: async (api: Api) => {
        await api.call(me, {});
        return { kind: 'known', account: { id: 'ac_2', name: 'Example Ltd' } };
      },
    }),
  }),
  broken('an account that takes any refusal for an answer', {
    fails: 'account key: credentials that the vendor refuses are refused, and nothing is stored',
    because: /this must be refused/,
    change: (definition) => ({
      ...definition,
      account: (api: Api) =>
        api.call(me, {}).then(
          ({ id, company }) => ({ kind: 'known', account: { id, name: company } }),
          () => ({ kind: 'known', account: { id: 'unknown', name: 'Unknown' } }),
        ),
    }),
  }),
  broken('an account whose refusal quotes the key', {
    fails: 'account key: credentials that the vendor refuses are refused, and nothing is stored',
    because: /secrets in the error no_account/,
    change: (definition) => ({
      ...definition,
      account: (api: Api) =>
        api.call(me, {}).then(
          ({ id, company }) => ({ kind: 'known', account: { id, name: company } }),
          () => {
            const { key } = api.credentials(definition.auth.key.credentials);
            throw new PlugboardError({
              kind: 'not_found',
              code: 'no_account',
              message: `No account for ${key.reveal()}.`,
            });
          },
        ),
    }),
  }),
  broken('health that asks nobody', {
    fails: 'health: a good connection',
    because: /a check asks the vendor/,
    change: (definition) => ({ ...definition, healthCheck: async () => healthy }),
  }),
  broken('health that asks too much', {
    fails: 'health: a good connection',
    because: /requests of one check/,
    change: (definition) => ({
      ...definition,
      healthCheck: async (api: Api) => {
        for (let turn = 0; turn < 3; turn++) await api.call(me, {});
        return healthy;
      },
    }),
  }),
  broken('health that calls home', {
    fails: 'health: a good connection',
    because: /hosts that are not declared/,
    change: (definition) => ({
      ...definition,
      healthCheck: async (api: Api) => {
        await api.call(me, {});
        await fetch('https://telemetry.example/ping').catch(() => undefined);
        return healthy;
      },
    }),
  }),
  broken('health that hides a dead credential', {
    fails: 'health: a dead credential is never healthy',
    because: /healthy/,
    change: (definition) => ({
      ...definition,
      healthCheck: (api: Api) =>
        api.call(me, {}).then(
          () => healthy,
          () => healthy,
        ),
    }),
  }),
  broken('health that believes every page with status 200', {
    fails: 'health: a page in HTML is never healthy',
    because: /healthy/,
    change: (definition) => ({
      ...definition,
      healthCheck: async (api: Api) => {
        await api.request({ method: 'GET', url: '/me' });
        return healthy;
      },
    }),
  }),
  broken('health for which a missing scope is health', {
    fails: 'health: a credential that may do less is neither healthy nor dead',
    because: /healthy/,
    change: (definition) => ({
      ...definition,
      healthCheck: (api: Api) =>
        api.call(me, {}).then(
          () => healthy,
          (error: unknown) => {
            if (isPlugboardError(error) && error.kind === 'permission') return healthy;
            throw error;
          },
        ),
    }),
  }),
  broken('an outage that counts as the end', {
    fails: 'D07 health: an outage is not the end of the connection',
    because: /error/,
    change: (definition) => ({
      ...definition,
      api: {
        ...definition.api,
        errors: {
          ...definition.api.errors,
          classify: (answer: Answer) => (answer.status === 503 ? { kind: 'auth', code: 'dead' } : undefined),
        },
      },
    }),
  }),
  broken('a setting without which nothing is valid', {
    fails: 'settings: none need to be set, and unknown ones are refused',
    because: /a connection starts without settings/,
    change: (definition) => ({ ...definition, ...settings({ schema: z.strictObject({ itemId: z.string() }) }) }),
  }),
  broken('choices that the schema refuses', {
    fails: 'settings: `itemId` may be set to each of its live choices',
    because: /the schema accepts the choice/,
    change: (definition) => ({
      ...definition,
      ...settings({ choices: { itemId: async () => [{ value: 1, label: 'Tea' }] } }),
    }),
  }),
  broken('choices without a label', {
    fails: 'settings: `itemId` may be set to each of its live choices',
    because: /\\S/,
    change: (definition) => ({
      ...definition,
      ...settings({ choices: { itemId: async () => [{ value: 'it_1', label: '' }] } }),
    }),
  }),
];
