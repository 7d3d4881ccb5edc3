/** What else the client offers: https://platform.openai.com/docs/api-reference (OpenAPI 2.3.0, 2026-08). */
import { checkAnswer, endpoint, stream, type Api, type EmbedCapability } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { modelOf, thinkingMs, withModel } from './access.ts';
import { effort, metadata, readStream } from './responses.ts';

const message = z.looseObject({ role: z.enum(['developer', 'system', 'user', 'assistant', 'tool']) });
const said = [{ role: 'user', content: 'Say hi.' }];
const conversation = given(
  {
    messages: z
      .array(message)
      .min(1)
      .meta({ examples: [said] }),
  },
  {
    model: 'gpt-5.4',
    maxCompletionTokens: z.int().min(1),
    temperature: z.number().min(0).max(2),
    topP: z.number().min(0).max(1),
    stop: z.union([z.string(), z.array(z.string()).max(4)]),
    seed: z.int(),
    tools: z.array(z.looseObject({ type: z.string() })),
    toolChoice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })]),
    responseFormat: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }),
    reasoningEffort: effort,
    store: z.boolean(),
    metadata,
  },
);
const toolCall = like({ id: 'call_1', function: like({ name: 'weather', arguments: '{}' }) });
const completion = like(
  {
    id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
    model: 'gpt-5.4',
    choices: z.array(
      like(
        {
          index: 0,
          message: like({ role: 'assistant' }, { content: 'Hi.', refusal: '', tool_calls: z.array(toolCall) }),
        },
        { finish_reason: 'stop' },
      ),
    ),
  },
  { usage: like({ prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 }) },
);
const shownChoice = { index: 0, message: { role: 'assistant', content: 'Hi.', refusal: null, annotations: [] } };
const shownCompletion = {
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1741569952,
  model: 'gpt-5.4',
  choices: [{ ...shownChoice, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 },
};
const chunk = like(
  { id: 'chatcmpl-1', choices: z.array(like({ index: 0, delta: like({}, { content: 'Hi', refusal: 'No' }) })) },
  { usage: like({ prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 }) },
);

export const completions = {
  create: endpoint('POST /chat/completions', {
    summary: 'Asks a model by the older interface that other vendors share.',
    input: conversation,
    encode: (input, api) => ({ json: withModel(input, api) }),
    output: completion,
    deadlineMs: thinkingMs,
    example: { answer: shownCompletion },
  }),
  stream: stream({
    summary: 'The same in pieces; the last one carries the usage.',
    input: conversation,
    async *run(api, input, options) {
      const request = { ...withModel(input, api), stream_options: { include_usage: true } };
      for await (const data of readStream(api, '/chat/completions', request, options)) {
        yield checkAnswer(chunk, data, 'The piece of a completion');
      }
    },
  }),
};

const tokens = z.array(z.int().min(0)).min(1).max(8192);
const embeddable = z.union([
  z.string().min(1),
  z.array(z.string().min(1)).min(1).max(2048),
  tokens,
  z.array(tokens).min(1).max(2048),
]);

export const embeddings = {
  create: endpoint('POST /embeddings', {
    summary: 'Turns texts, or their tokens, into vectors. Up to 2,048 of them, and 300,000 tokens.',
    // The same question twice costs twice, and does nothing else.
    repeat: 'safe',
    input: given(
      { input: embeddable.meta({ examples: ['tea'] }) },
      { model: 'text-embedding-3-small', dimensions: z.int().min(1), user: z.string() },
    ),
    encode: (input, api) => ({
      json: { ...input, model: modelOf(api, input.model, 'embeddingModel'), encoding_format: 'float' },
    }),
    output: like({
      object: 'list',
      data: [like({ object: 'embedding', index: 0, embedding: [0.0023064255, -0.009327292] })],
      model: 'text-embedding-3-small',
      usage: like({ prompt_tokens: 8, total_tokens: 8 }),
    }),
    maxBytes: 100 * 1024 * 1024,
  }),
};

const flags = Object.fromEntries(
  ['hate', 'hate/threatening', 'harassment', 'harassment/threatening', 'illicit', 'illicit/violent', 'self-harm']
    .concat(['self-harm/intent', 'self-harm/instructions', 'sexual', 'sexual/minors', 'violence', 'violence/graphic'])
    .map((name) => [name, name === 'violence']),
);
const scores = Object.fromEntries(Object.entries(flags).map(([name, flagged]) => [name, flagged ? 0.9 : 0.001]));
const inputTypes = Object.fromEntries(Object.keys(flags).map((name) => [name, ['text']]));
const verdict = { flagged: true, categories: flags, category_scores: scores, category_applied_input_types: inputTypes };

export const moderations = {
  create: endpoint('POST /moderations', {
    summary: 'Says whether texts or images are harmful. Free.',
    repeat: 'safe',
    input: given(
      {
        input: z
          .union([z.string(), z.array(z.string()), z.array(z.looseObject({ type: z.enum(['text', 'image_url']) }))])
          .meta({ examples: ['I want to kill them.'] }),
      },
      { model: 'omni-moderation-latest' },
    ),
    output: like({
      id: 'modr-970d409ef3bef3b70c73d8232df86e7d',
      model: 'omni-moderation-latest',
      results: z.array(
        like({
          flagged: true,
          categories: z.record(z.string(), z.json()),
          category_scores: z.record(z.string(), z.json()),
        }),
      ),
    }),
    example: {
      answer: { id: 'modr-970d409ef3bef3b70c73d8232df86e7d', model: 'omni-moderation-latest', results: [verdict] },
    },
  }),
};

const model = like(
  { id: 'gpt-5.4', object: 'model', created: 1686935002, owned_by: 'openai' },
  { shutdown_date: z.string() },
);
const modelNamed = (name: string) => ({ id: name, object: 'model', created: 1686935002, owned_by: 'openai' });

export const models = {
  list: endpoint('GET /models', {
    summary: 'Lists the models that the key may use, and says whose it is.',
    input: given({}),
    output: like({ object: 'list', data: [model] }, { organization: 'org-acme' }),
    decode: (answer) => ({
      ...(answer.json() as object),
      organization: answer.headers.get('openai-organization'),
    }),
    example: {
      answer: { object: 'list', data: [modelNamed('gpt-5.4'), modelNamed('text-embedding-3-small')] },
      headers: { 'openai-organization': 'org-acme' },
    },
  }),
  get: endpoint('GET /models/{model}', {
    summary: 'Reads one model.',
    input: given({ model: 'gpt-5.4' }),
    output: model,
  }),
};

export const embed =
  (api: Api): EmbedCapability =>
  async ({ texts, model: named, dimensions }, options) => {
    const input = { input: [...texts], ...(named !== undefined && { model: named }) };
    const answer = await api.call(
      embeddings.create,
      { ...input, ...(dimensions !== undefined && { dimensions }) },
      options,
    );
    const vectors = answer.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
    return { model: answer.model, vectors, usage: { inputTokens: answer.usage.prompt_tokens } };
  };
