/** Who asks, where, with which model; and the official SDK that asks for the same connection. */
import { invalidInput, sdkFetch, snakeNames, type Api } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';
import type { OpenAI } from 'openai';

/** A project with data residency answers on the host of its region alone: `openai` 7.59.0, internal/data-residency.ts. */
const regions = ['us', 'eu', 'ae', 'au', 'in', 'jp'] as const;
export const hosts = ['api.openai.com', ...regions.map((region) => `${region}.api.openai.com`)];

const id = /^[\w-]+$/;
const place = {
  organizationId: text('Organization id', { help: 'Only for keys of several organizations.', pattern: id }).optional(),
  projectId: text('Project id', { help: 'Only for keys of several projects.', pattern: id }).optional(),
  region: z.enum(regions).optional().meta({ title: 'Region', description: 'Only for projects with data residency.' }),
};
export const fields = z.strictObject({
  apiKey: secret('API key', {
    help: 'https://platform.openai.com/api-keys. A restricted key needs Models: read.',
    example: 'sk-proj-abc123',
  }),
  ...place,
  webhookSecret: secret('Webhook signing secret', { pattern: /^whsec_[A-Za-z0-9+/=]+$/ }).optional(),
});

const held = z.looseObject(place);
export const baseUrl = (api: Api): string => {
  const { region } = api.credentials(held);
  return `https://${region === undefined ? '' : `${region}.`}api.openai.com/v1`;
};
export const headers = (api: Api): Record<string, string> => {
  const { organizationId, projectId } = api.credentials(held);
  return {
    ...(organizationId !== undefined && { 'openai-organization': organizationId }),
    ...(projectId !== undefined && { 'openai-project': projectId }),
  };
};

/** Names of models age within months, so none is built in. */
export const app = {
  model: { title: 'Default model', env: 'OPENAI_MODEL', set: 'models', optional: true, example: 'gpt-5.4' },
  embeddingModel: {
    title: 'Default embedding model',
    env: 'OPENAI_EMBEDDING_MODEL',
    set: 'models',
    optional: true,
    example: 'text-embedding-3-small',
  },
  webhookSecret: {
    title: 'Webhook signing secret',
    env: 'OPENAI_WEBHOOK_SECRET',
    secret: true,
    set: 'webhooks',
    example: 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=',
  },
} as const;

export const settings = z.strictObject({
  model: text('Model', { help: 'Used where a call names none.' }).optional(),
  embeddingModel: text('Embedding model', { help: 'Changing it makes stored vectors useless.' }).optional(),
  keepThoughts: z.boolean().optional().meta({
    title: 'Keep thoughts between turns',
    description: 'Better tool calls of reasoning models. Models without reasoning refuse it.',
  }),
});

/** @throws PlugboardError code `invalid_input` when nobody has named a model. */
export function modelOf(api: Api, given: string | undefined, which: 'model' | 'embeddingModel' = 'model'): string {
  const model = given ?? api.settings(settings)[which] ?? api.app[which];
  if (typeof model === 'string') return model;
  const hint = `Name one in the call, in the setting \`${which}\`, or for everybody in ${app[which].env}.`;
  throw invalidInput('The request', [{ path: 'model', message: 'is missing, and there is no default' }], hint);
}

export const withModel = (input: { readonly model?: string | undefined }, api: Api) =>
  snakeNames({ ...input, model: modelOf(api, input.model) });

/** Long answers take minutes before their headers come; the SDK waits ten. */
export const thinkingMs = 600_000;

/** The client of the official SDK. */
export interface OpenAiSdk extends OpenAI {}

/** Its key is a placeholder, and nothing is read from the environment: the connection decides. */
export async function loadSdk(api: Api): Promise<OpenAiSdk> {
  const sdk = await import('openai');
  return new sdk.OpenAI({
    apiKey: 'placeholder',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: baseUrl(api),
    maxRetries: 0,
    timeout: thinkingMs,
    fetch: sdkFetch(api, { deadlineMs: thinkingMs }),
  });
}
