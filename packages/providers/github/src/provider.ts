/** GitHub: repositories, pull requests, issues, checks and their events. */
import { defineProvider, text } from '@plugboard/core';
import type { Api } from '@plugboard/core';
import { text as textField, z } from '@plugboard/core/fields';

import { apiUrl, app, githubOf } from './app.ts';
import { installation, oauth, token } from './auth.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { checks, contents, hooks, issues, pulls, rateLimit, repos, statuses, user } from './operations.ts';
import { webhooks } from './webhooks.ts';

export const github = defineProvider({
  id: 'github',
  name: 'GitHub',
  category: 'developer',
  summary: 'Repositories, pull requests, issues, checks and their events.',
  docs: {
    home: 'https://github.com',
    keys: 'https://github.com/settings/apps',
    reference: 'https://docs.github.com/en/rest',
    checked: '2026-11-20',
  },
  hosts: ['api.github.com', 'github.com'],
  tenantHosts: ({ app: values }) => [githubOf(values), new URL(apiUrl(values)).host],
  app,
  auth: { oauth, installation, token },

  api: {
    baseUrl: ({ app: values }) => apiUrl(values),
    // Supported beside 2022-11-28, which holds where none is named.
    version: '2026-03-10',
    // Without a user agent GitHub refuses; the engine names itself.
    headers: ({ apiVersion }) => ({ accept: 'application/vnd.github+json', 'x-github-api-version': apiVersion }),
    requestId: 'x-github-request-id',
    // How many requests an hour there are, from 5,000 on, is the account's; each answer tells what is left.
    errors,
  },

  async account(api) {
    if (api.method !== 'installation') {
      const { id, login } = await api.call(user.get, {});
      return { kind: 'known', account: { id: String(id), name: login }, alsoKnownAs: [`user:${id}`] };
    }
    await api.call(repos.listInstalled, { perPage: 1 });
    const installationId = text(api.metadata['installationId']) ?? '';
    const account = api.account ?? { id: installationId, name: installationId };
    return { kind: 'known', account, alsoKnownAs: [`installation:${installationId}`] };
  },

  // An installation is no user and may not ask who it is.
  async healthCheck(api) {
    await (api.method === 'installation' ? api.call(repos.listInstalled, { perPage: 1 }) : api.call(user.get, {}));
    return { status: 'healthy' };
  },

  settings: {
    schema: z.strictObject({
      repository: textField('Repository', { example: 'octocat/Hello-World', pattern: /^[\w.-]+\/[\w.-]+$/ }).optional(),
    }),
    choices: {
      async repository(api: Api) {
        const list = api.method === 'installation' ? repos.listInstalled : repos.list;
        const choices = [];
        for await (const { items } of api.pages(list, { perPage: 100 })) {
          choices.push(...items.map(({ full_name: value }) => ({ value, label: value })));
        }
        return choices;
      },
    },
  },

  webhooks,
  operations: { user, repos, contents, pulls, issues, statuses, checks, hooks, rateLimit },
  emulator,
});
