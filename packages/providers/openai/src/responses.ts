/** The Responses API: what the client offers of it, and the portable chat made with it. */
import {
  at,
  chatAnswer,
  checkAnswer,
  checkInput,
  endpoint,
  imageAddress,
  member,
  parseJson,
  PlugboardError,
} from '@plugboard/core';
import { readServerSentEvents, stream, text, toolInput } from '@plugboard/core';
import type { Api, CallOptions, ChatAnswer, ChatCapability, ChatMessage, ChatRequest, Json } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { settings, thinkingMs, withModel } from './access.ts';
import { failedResponse } from './errors.ts';

const anything = z.record(z.string(), z.unknown());
export const metadata = z.record(z.string().max(64), z.string().max(512));
const formatName = z.string().regex(/^[\w-]{1,64}$/);
/** Strict schemas require every property and allow no others; handle refusals before reading the text. */
const format = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  given(
    { type: z.literal('json_schema'), name: formatName, schema: anything },
    { strict: z.boolean(), description: z.string() },
  ),
]);
export const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
const words = 'Tell me a three sentence bedtime story about a unicorn.';
const story = 'In a peaceful grove beneath a silver moon, a unicorn named Lumina discovered a hidden pool.';
const responseId = 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b';

const question = given(
  { input: z.union([z.string().min(1), z.array(z.looseObject({})).min(1)]).meta({ examples: [words] }) },
  {
    model: 'gpt-5.4',
    instructions: 'Be brief.',
    maxOutputTokens: z.int().min(1),
    temperature: z.number().min(0).max(2),
    topP: z.number().min(0).max(1),
    tools: z.array(z.looseObject({ type: z.string() })),
    toolChoice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })]),
    parallelToolCalls: z.boolean(),
    text: given({}, { format, verbosity: z.enum(['low', 'medium', 'high']) }),
    reasoning: given({}, { effort, summary: z.enum(['auto', 'concise', 'detailed']) }),
    previousResponseId: z.string().min(1),
    conversation: z.string().min(1),
    store: z.boolean(),
    background: z.boolean(),
    include: z.array(z.string()),
    serviceTier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast']),
    metadata,
    promptCacheKey: z.string().min(1),
    safetyIdentifier: z.string().min(1).max(64),
  },
);
/** Of every kind; what is not named here survives. */
const outputItem = like(
  { type: 'message' },
  {
    id: 'msg_1',
    content: z.array(like({ type: 'output_text' }, { text: story, refusal: z.string() })),
    call_id: 'call_1',
    name: 'weather',
    arguments: '{}',
    encrypted_content: 'gAAA',
  },
);
const details = {
  input_tokens_details: like({ cached_tokens: 0 }),
  output_tokens_details: like({ reasoning_tokens: 0 }),
};
const response = like(
  { id: responseId, object: 'response', status: 'completed', model: 'gpt-5.4', output: z.array(outputItem) },
  {
    created_at: 1741476542,
    error: like({ code: 'server_error', message: 'The server had an error.' }),
    incomplete_details: like({}, { reason: 'max_output_tokens' }),
    usage: like({ input_tokens: 36, output_tokens: 87, total_tokens: 123 }, details),
  },
);
type Response = z.output<typeof response>;

const content = [{ type: 'output_text', text: story, annotations: [], logprobs: [] }];
const message = { type: 'message', id: 'msg_67ccd2bf17f081', status: 'completed', role: 'assistant', content };
const counted = { input_tokens: 36, output_tokens: 87, total_tokens: 123 };
const counts = {
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};
const echoed = { parallel_tool_calls: true, temperature: 1, tool_choice: 'auto', tools: [], top_p: 1, metadata: {} };
const head = { id: responseId, object: 'response', created_at: 1741476542, status: 'completed', model: 'gpt-5.4' };
const nothing = { error: null, incomplete_details: null, instructions: null };
const shown = { ...head, ...nothing, ...echoed, output: [message], usage: { ...counted, ...counts } };
const byResponse = given({ id: responseId });

const piece = like({ delta: 'In a', output_index: 0 }, { item_id: 'msg_1' });
const events = {
  'response.output_text.delta': piece,
  'response.refusal.delta': piece,
  'response.reasoning_summary_text.delta': piece,
  'response.function_call_arguments.delta': piece,
  'response.output_item.done': like({ item: outputItem, output_index: 0 }),
  'response.completed': like({ response }),
  'response.incomplete': like({ response }),
  'response.failed': like({ response }),
};
type Known = typeof events;
/** What a stream tells; `other` is every event without a shape here, as it came. */
export type ResponseEvent =
  | { [Type in keyof Known]: { readonly type: Type } & z.output<Known[Type]> }[keyof Known]
  | { readonly type: 'other'; readonly name: string; readonly data: Json };

/** @throws PlugboardError for an `error` event: a stream can fail after status 200. */
async function* readEvents(api: Api, request: object, options: CallOptions): AsyncGenerator<ResponseEvent> {
  for await (const data of readStream(api, '/responses', request, options)) {
    const name = text(member(data, 'type')) ?? '';
    if (!Object.hasOwn(events, name)) yield { type: 'other', name, data };
    else yield checkAnswer(events[name as keyof Known], data, `The event ${name}`) as never;
  }
}

/** Also for the older interface, whose streams end with a word of their own. A model may think for minutes in silence. */
export async function* readStream(api: Api, url: string, request: object, options: CallOptions): AsyncGenerator<Json> {
  const asked = { method: 'POST', url, json: { ...request, stream: true } } as const;
  const { body } = await api.stream(asked, { idleMs: thinkingMs, ...options });
  for await (const { data } of readServerSentEvents(body)) {
    if (data === '[DONE]') return;
    const json = parseJson(data);
    if (member(json, 'type') === 'error') throw failedResponse(json);
    if (at(json, 'error', 'message') !== undefined) throw failedResponse(at(json, 'error'));
    yield json;
  }
}

export const responses = {
  create: endpoint('POST /responses', {
    summary: 'Asks a model, and waits for the whole answer.',
    input: question,
    encode: (input, api) => ({ json: withModel(input, api) }),
    output: response,
    deadlineMs: thinkingMs,
    example: { answer: shown },
  }),
  stream: stream({
    summary: 'Asks a model, and tells what happens while it answers.',
    input: question,
    run: (api, input, options) => readEvents(api, withModel(input, api), options),
  }),
  get: endpoint('GET /responses/{id}', {
    summary: 'Reads a stored response: of a background one, how far it is.',
    input: byResponse,
    output: response,
    example: { answer: shown },
  }),
  cancel: endpoint('POST /responses/{id}/cancel', {
    summary: 'Stops a background response.',
    repeat: 'safe',
    input: byResponse,
    output: response,
    example: { answer: { ...shown, status: 'cancelled' } },
  }),
  delete: endpoint('DELETE /responses/{id}', {
    summary: 'Deletes a stored response.',
    input: byResponse,
    output: like({ id: responseId, deleted: true }),
  }),
};

export function chat(api: Api): ChatCapability {
  return {
    async complete(request, options) {
      return answerOf(request, await api.call(responses.create, questionOf(api, request), options));
    },
    async *stream(request, options = {}) {
      const asked = checkInput(question, questionOf(api, request), 'The chat');
      for await (const event of readEvents(api, withModel(asked, api), options)) {
        if (event.type === 'response.output_text.delta' || event.type === 'response.refusal.delta') {
          yield { type: 'text', text: event.delta };
        } else if (event.type === 'response.reasoning_summary_text.delta') {
          yield { type: 'reasoning', text: event.delta };
        } else if (event.type === 'response.output_item.done' && event.item.type === 'function_call') {
          yield { type: 'tool_call', call: callOf(event.item) };
        } else if (isEnd(event)) {
          yield { type: 'end', answer: answerOf(request, event.response) };
          return;
        }
      }
      const message = 'The stream ended before the answer did.';
      throw new PlugboardError({ kind: 'network', code: 'stream_broken', message, provider: 'openai' });
    },
  };
}

type End = Extract<ResponseEvent, { readonly response: unknown }>;
const isEnd = (event: ResponseEvent): event is End =>
  event.type === 'response.completed' || event.type === 'response.incomplete' || event.type === 'response.failed';

/** Nothing is stored at the vendor: each turn carries what the next one needs. */
function questionOf(api: Api, request: ChatRequest) {
  const { model, messages, tools, toolChoice, output, maxTokens, temperature } = request;
  const keepThoughts = api.settings(settings).keepThoughts === true;
  return {
    input: messages.flatMap(itemsOf),
    store: false,
    ...(model !== undefined && { model }),
    ...(tools && {
      tools: tools.map(({ input, ...tool }) => ({ type: 'function', ...tool, parameters: input, strict: false })),
    }),
    ...(toolChoice && {
      toolChoice: typeof toolChoice === 'string' ? toolChoice : { type: 'function', ...toolChoice },
    }),
    ...(output && { text: { format: { type: 'json_schema' as const, ...output, strict: true } } }),
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(keepThoughts && { include: ['reasoning.encrypted_content'] }),
  };
}

function itemsOf(message: ChatMessage): Record<string, Json>[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }];
    case 'user': {
      const parts =
        typeof message.content === 'string'
          ? message.content
          : message.content.map((part) =>
              part.type === 'text'
                ? { type: 'input_text', text: part.text }
                : { type: 'input_image', image_url: imageAddress(part), detail: 'auto' },
            );
      return [{ role: 'user', content: parts }];
    }
    case 'assistant': {
      if (Array.isArray(message.state)) return message.state as Record<string, Json>[];
      const calls = (message.toolCalls ?? []).map(({ id, name, input }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: JSON.stringify(input),
      }));
      return message.content === '' ? calls : [{ role: 'assistant', content: message.content }, ...calls];
    }
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: message.content }];
  }
}

function answerOf(
  request: ChatRequest,
  { model, output, status, error, incomplete_details, usage: used }: Response,
): ChatAnswer {
  if (status === 'failed') throw failedResponse(error as Json);
  const parts = output.flatMap((item) => (item.type === 'message' ? (item.content ?? []) : []));
  const refused = parts.some(({ type }) => type === 'refusal') || incomplete_details?.reason === 'content_filter';
  const cutOff = status === 'incomplete' ? ('length' as const) : ('other' as const);
  return chatAnswer(request, {
    model,
    text: parts.map((part) => part.text ?? part.refusal ?? '').join(''),
    toolCalls: output.filter(({ type }) => type === 'function_call').map(callOf),
    finish: refused ? 'refused' : status === 'completed' ? 'stop' : cutOff,
    usage: used
      ? {
          inputTokens: used.input_tokens,
          outputTokens: used.output_tokens,
          cachedInputTokens: used.input_tokens_details?.cached_tokens ?? 0,
          reasoningTokens: used.output_tokens_details?.reasoning_tokens ?? 0,
        }
      : undefined,
    // Thoughts can be read back by the vendor alone; without them the reply says all there is.
    state: output.some((item) => typeof item.encrypted_content === 'string') ? (output as Json) : undefined,
  });
}

function callOf(item: z.output<typeof outputItem>) {
  return { id: item.call_id ?? '', name: item.name ?? '', input: toolInput(item.arguments) };
}
