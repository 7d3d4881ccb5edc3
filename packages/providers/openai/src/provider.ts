/** OpenAI: language models, embeddings and moderation. */
import { apiKey, bearer, defineProvider, type Choice } from '@plugboard/core';

import { app, baseUrl, fields, headers, hosts, loadSdk, settings } from './access.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { completions, embed, embeddings, models, moderations } from './operations.ts';
import { chat, responses } from './responses.ts';
import { webhookEndpoints, webhooks } from './webhooks.ts';

export const openai = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  category: 'ai',
  summary: 'Language models: answers, structured output, tool calls, embeddings and moderation.',
  docs: {
    home: 'https://openai.com',
    keys: 'https://platform.openai.com/api-keys',
    reference: 'https://platform.openai.com/docs/api-reference',
    checked: '2026-11-20',
  },
  hosts,
  app,

  auth: {
    apiKey: apiKey({
      credentials: fields,
      env: { apiKey: 'OPENAI_API_KEY', organizationId: 'OPENAI_ORG_ID', projectId: 'OPENAI_PROJECT_ID' },
      sign: bearer('apiKey'),
      example: { apiKey: 'sk-proj-abc123' },
    }),
  },

  // Limits depend on tier and model, and its answers tell them: `x-ratelimit-limit-requests`.
  api: { baseUrl, headers, requestId: 'x-request-id', errors },

  // A key has no page about itself; every answer names the organization that it is counted for.
  async account(api) {
    const { organization } = await api.call(models.list, {});
    if (!organization) return { kind: 'derived', name: 'OpenAI' };
    return { kind: 'known', account: { id: organization, name: organization } };
  },

  // Costs no tokens. A restricted key may be refused elsewhere all the same.
  async healthCheck(api) {
    await api.call(models.list, {});
    return { status: 'healthy' };
  },

  settings: {
    schema: settings,
    choices: {
      model: async (api): Promise<readonly Choice[]> => {
        const { data } = await api.call(models.list, {});
        return data.filter(({ id }) => !id.includes('embedding')).map(({ id }) => ({ value: id, label: id }));
      },
      embeddingModel: async (api): Promise<readonly Choice[]> => {
        const { data } = await api.call(models.list, {});
        return data.filter(({ id }) => id.includes('embedding')).map(({ id }) => ({ value: id, label: id }));
      },
    },
  },
  flags: { chat: { description: 'Ask language models of OpenAI.', default: true, requiresConnection: false } },
  webhooks,
  operations: { models, responses, completions, embeddings, moderations, webhookEndpoints },
  capabilities: { chat, embed },
  sdk: loadSdk,
  emulator,
});
