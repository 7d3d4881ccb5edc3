import { at, isStub, member, silentLog, type ChatEvent } from '@plugboard/core';
import type { EmulatedReply } from '@plugboard/core/emulator';
import { conformance, createTestBoard, providerContract } from '@plugboard/testing';
import { expect, test, vi } from 'vitest';

import { openai } from '../src/index.ts';

const newer = 'In `openai` 7.59.0, and newer than the description of 2026-08.';

providerContract(openai, {
  account: { id: 'org-acme', name: 'org-acme' },
  app: {
    model: 'gpt-5.4',
    embeddingModel: 'text-embedding-3-small',
    webhookSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  },
});

conformance(openai.definition, {
  exceptions: {
    'responses.delete': 'The description has no body for it; the reference shows one.',
    ...Object.fromEntries(
      ['create', 'list', 'get', 'update', 'delete', 'rotateSecret', 'test', 'eventTypes'].map((name) => [
        `webhookEndpoints.${name}`,
        newer,
      ]),
    ),
  },
  inputs: {
    'responses.create': [
      {
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
        model: 'gpt-5.4',
        maxOutputTokens: 100,
        temperature: 1,
        topP: 1,
        tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }],
        toolChoice: { type: 'function', name: 'weather' },
        parallelToolCalls: true,
        text: { format: { type: 'json_schema', name: 'city', schema: {}, strict: true }, verbosity: 'low' },
        reasoning: { effort: 'low', summary: 'auto' },
        previousResponseId: 'resp_1',
        store: false,
        background: false,
        include: ['reasoning.encrypted_content'],
        serviceTier: 'auto',
        metadata: { order: '1' },
        promptCacheKey: 'k',
        safetyIdentifier: 's',
      },
      { input: 'Hi', model: 'gpt-5.4', conversation: 'conv_1', toolChoice: 'required' },
    ],
    'completions.create': [
      {
        messages: [{ role: 'user', content: 'Hi' }],
        model: 'gpt-5.4',
        maxCompletionTokens: 10,
        temperature: 1,
        topP: 1,
        stop: ['x'],
        seed: 1,
        tools: [{ type: 'function', function: { name: 'weather' } }],
        toolChoice: 'auto',
        responseFormat: { type: 'json_object' },
        reasoningEffort: 'low',
        store: false,
        metadata: { order: '1' },
      },
    ],
    'embeddings.create': [
      { input: ['a', 'b'], model: 'text-embedding-3-small', dimensions: 8, user: 'u' },
      { input: [1, 2], model: 'text-embedding-3-small' },
      { input: [[1, 2], [3]], model: 'text-embedding-3-small' },
    ],
    'moderations.create': [{ input: [{ type: 'text', text: 'Hi' }] }],
  },
});

const organizationId = 'org-1';
const messages = [{ role: 'user', content: 'Which city?' }] as const;
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tool = { name: 'weather', input: schema };

function rig(options: { model?: string; embeddingModel?: string } = { model: 'gpt-5.4' }) {
  const made = createTestBoard(openai({ ...options, webhookSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }));
  const { board, sent } = made;
  const connect = async (credentials: object = {}) => {
    await board.connect('openai', { organizationId, credentials: { apiKey: 'sk-proj-abc', ...credentials } as never });
    sent.length = 0;
    return board.client('openai', { organizationId });
  };
  return { ...made, connect };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const events = (...list: readonly object[]): EmulatedReply => ({
  stream: list.map((event) => `data: ${JSON.stringify(event)}\n\n`),
});

test('the organization of the answer is the account; without one the key is', async () => {
  const { board, vendor } = rig();
  const connection = await board.connect('openai', { organizationId, credentials: { apiKey: 'sk-1' } });
  expect(connection.account).toEqual({ id: 'org-acme', name: 'org-acme' });
  vendor.failNext({ json: { object: 'list', data: [] } });
  const other = await board.connect('openai', { organizationId, label: 'b', credentials: { apiKey: 'sk-2' } });
  expect(other.account).toMatchObject({ name: 'OpenAI' });
  expect(other.account?.id).not.toContain('sk-2');
});

test('a region has its own host, and organization and project go along', async () => {
  const { connect, sent } = rig();
  const client = await connect({ region: 'eu', organizationId: 'org-1', projectId: 'proj_1' });
  await client.models.list();
  expect(sent[0]?.url.href).toBe('https://eu.api.openai.com/v1/models');
  expect(Object.fromEntries(sent[0]!.headers)).toMatchObject({
    authorization: 'Bearer sk-proj-abc',
    'openai-organization': 'org-1',
    'openai-project': 'proj_1',
  });
});

test('the model is that of the call, else of the connection, else of the deployment, else there is none', async () => {
  const { board, connect, sent } = rig();
  const client = await connect();
  await client.chat.complete({ messages });
  await board.settings.update('openai', { organizationId, settings: { model: 'gpt-mini', embeddingModel: 'emb' } });
  await client.chat.complete({ messages });
  await client.chat.complete({ messages, model: 'gpt-other' });
  await client.embed({ texts: ['a'] });
  expect(sent.map(({ json }) => member(json, 'model'))).toEqual(['gpt-5.4', 'gpt-mini', 'gpt-other', 'emb']);
  const bare = rig({});
  const refused = (await bare.connect()).chat.complete({ messages });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_input', fields: [{ path: 'model' }] });
  expect(bare.sent).toEqual([]);
});

test('429 has two meanings, and the vendor says itself whether another try helps', async () => {
  const { connect, vendor, sent, clock } = rig();
  const client = await connect();
  vendor.failNext('quotaUsedUp');
  await expect(client.models.list()).rejects.toMatchObject({ code: 'insufficient_quota', retryable: false });
  expect(sent.length).toBe(1);
  vendor.failNext('rateLimited');
  const listed = client.models.list();
  await clock.untilPending(2);
  await clock.advance(1_499);
  expect(sent.length).toBe(2);
  await clock.advance(500);
  expect((await listed).data.length).toBeGreaterThan(0);
  vendor.failNext('final');
  await expect(client.models.list()).rejects.toMatchObject({ kind: 'unavailable', retryable: false });
});

test('a question that may have been billed is not asked twice', async () => {
  const { connect, vendor, sent } = rig();
  const client = await connect();
  vendor.failNext('overloaded');
  await expect(client.chat.complete({ messages })).rejects.toMatchObject({ kind: 'unavailable' });
  expect(sent.length).toBe(1);
});

test('a chat is told as the vendor wants it: nothing stored, tools and images in its shapes', async () => {
  const { connect, sent } = rig();
  const { chat } = await connect();
  const answer = await chat.complete({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image', data: new Uint8Array([1, 2]), mediaType: 'image/png' },
        ],
      },
      {
        role: 'assistant',
        content: 'One moment.',
        toolCalls: [{ id: 'c1', name: 'weather', input: { city: 'Paris' } }],
      },
      { role: 'tool', callId: 'c1', name: 'weather', content: 'sunny' },
    ],
    tools: [{ ...tool, description: 'Weather.' }],
    toolChoice: { name: 'weather' },
    maxTokens: 50,
  });
  expect(answer).toMatchObject({
    finish: 'tool_calls',
    toolCalls: [{ name: 'weather', input: { city: 'text' } }],
    usage: { inputTokens: 36, outputTokens: 87, cachedInputTokens: 0, reasoningTokens: 0 },
  });
  expect(sent[0]?.json).toEqual({
    model: 'gpt-5.4',
    store: false,
    max_output_tokens: 50,
    tools: [{ type: 'function', name: 'weather', description: 'Weather.', parameters: schema, strict: false }],
    tool_choice: { type: 'function', name: 'weather' },
    input: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', image_url: 'data:image/png;base64,AQI=', detail: 'auto' },
        ],
      },
      { role: 'assistant', content: 'One moment.' },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Paris"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
    ],
  });
});

test('structured output is asked for strictly and comes parsed; a refusal or a cut is told instead', async () => {
  const { connect, vendor, sent } = rig();
  const { chat } = await connect();
  const request = { messages, output: { name: 'city', schema } };
  expect(await chat.complete(request)).toMatchObject({ output: { city: 'text' }, finish: 'stop' });
  expect(member(sent[0]?.json, 'text')).toEqual({
    format: { type: 'json_schema', name: 'city', schema, strict: true },
  });

  const answered = (rest: object) =>
    vendor.failNext({ json: { id: 'r', object: 'response', model: 'm', output: [], ...rest } as never });
  const content = [{ type: 'refusal', refusal: 'I cannot help with that.' }];
  answered({ status: 'completed', output: [{ type: 'message', content }] });
  const refused = await chat.complete(request);
  expect(refused).toMatchObject({ finish: 'refused', text: 'I cannot help with that.' });
  expect(refused).not.toHaveProperty('output');
  for (const [reason, finish] of [
    ['max_output_tokens', 'length'],
    ['content_filter', 'refused'],
  ] as const) {
    answered({ status: 'incomplete', incomplete_details: { reason } });
    expect((await chat.complete(request)).finish).toBe(finish);
  }
  answered({ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } });
  await expect(chat.complete(request)).rejects.toMatchObject({
    kind: 'rate_limited',
    vendor: { code: 'rate_limit_exceeded' },
  });
  answered({ status: 'failed', error: { code: 'invalid_image', message: 'x' } });
  await expect(chat.complete(request)).rejects.toMatchObject({ kind: 'invalid_request', code: 'response_failed' });
});

test('thoughts go back as they came, when the connection says so', async () => {
  const { board, connect, vendor, sent } = rig();
  const { chat } = await connect();
  await board.settings.update('openai', { organizationId, settings: { keepThoughts: true } });
  const output = [
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
    { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' },
  ];
  vendor.failNext({ json: { id: 'r', object: 'response', status: 'completed', model: 'm', output } });
  const { reply } = await chat.complete({ messages, tools: [tool] });
  expect(member(sent[0]?.json, 'include')).toEqual(['reasoning.encrypted_content']);
  const stored = JSON.parse(JSON.stringify(reply)) as typeof reply;
  await chat.complete({
    messages: [...messages, stored, { role: 'tool', callId: 'c1', name: 'weather', content: 'x' }],
  });
  expect([at(sent[1]?.json, 'input', 1), at(sent[1]?.json, 'input', 2)]).toEqual(output);
});

test('a chat streams words, thoughts and calls, and closes with its answer', async () => {
  const { connect, vendor, sent } = rig();
  const { chat } = await connect();
  const said = (await all(chat.stream({ messages }))).map((event) => (event.type === 'text' ? event.text : event.type));
  expect(said).toEqual(['You ', 'said: ', 'Which ', 'city?', 'end']);
  expect(sent[0]?.json).toMatchObject({ stream: true, store: false });

  const item = { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' };
  const response = { id: 'r', object: 'response', status: 'completed', model: 'm', output: [item] };
  vendor.failNext(
    events(
      { type: 'response.created', response },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'Hm.' },
      { type: 'response.output_item.done', output_index: 1, item },
      { type: 'response.completed', response },
    ),
  );
  const told: ChatEvent[] = await all(chat.stream({ messages, tools: [tool] }));
  expect(told.map(({ type }) => type)).toEqual(['reasoning', 'tool_call', 'end']);
  expect(told[1]).toEqual({ type: 'tool_call', call: { id: 'c1', name: 'weather', input: { city: 'Rome' } } });
});

test('a chat that the vendor could not take is refused before anything is sent', async () => {
  const { connect, sent } = rig();
  const { chat } = await connect();
  const request = { messages, output: { name: 'no spaces here', schema } };
  const fields = [{ path: 'text.format.name' }];
  await expect(chat.complete(request)).rejects.toMatchObject({ code: 'invalid_input', fields });
  await expect(all(chat.stream(request))).rejects.toMatchObject({ code: 'invalid_input', fields });
  expect(sent).toEqual([]);
});

test('a stream that fails after status 200, or ends too early, fails', async () => {
  const { connect, vendor } = rig();
  const { chat, completions } = await connect();
  const piece = { type: 'response.output_text.delta', output_index: 0, delta: 'Hi' };
  vendor.failNext(events(piece, { type: 'error', code: 'server_error', message: 'x', param: null }));
  await expect(all(chat.stream({ messages }))).rejects.toMatchObject({ kind: 'unavailable', code: 'server_error' });
  vendor.failNext(events(piece));
  await expect(all(chat.stream({ messages }))).rejects.toMatchObject({ kind: 'network', code: 'stream_broken' });
  vendor.failNext(events({ error: { code: 'insufficient_quota', message: 'x' } }));
  const asked = all(completions.stream({ messages: [{ role: 'user', content: 'Hi' }] }));
  await expect(asked).rejects.toMatchObject({ code: 'insufficient_quota', retryable: false });
});

test('typed events tell known ones apart, and pass on the others', async () => {
  const { connect } = rig();
  const { responses } = await connect();
  const told = await all(responses.stream({ input: 'Hi' }));
  expect(told[0]).toMatchObject({ type: 'other', name: 'response.created' });
  const words = told.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : []));
  expect(words.join('')).toBe('You said: Hi');
  const done = told.at(-1);
  const { id } = (done?.type === 'response.completed' ? done.response : undefined)!;
  expect((await responses.get({ id })).status).toBe('completed');
  await responses.delete({ id });
  await expect(responses.get({ id })).rejects.toMatchObject({ kind: 'not_found' });
});

test('vectors come in the order of their texts', async () => {
  const { connect, vendor, sent } = rig({ embeddingModel: 'text-embedding-3-small' });
  const client = await connect();
  const data = [1, 0].map((index) => ({ object: 'embedding', index, embedding: [index, index] }));
  vendor.failNext({ json: { object: 'list', data, model: 'm', usage: { prompt_tokens: 2, total_tokens: 2 } } });
  const { vectors, usage } = await client.embed({ texts: ['a', 'b'], dimensions: 2 });
  expect(vectors).toEqual([
    [0, 0],
    [1, 1],
  ]);
  expect(usage).toEqual({ inputTokens: 2 });
  expect(sent[0]?.json).toEqual({
    input: ['a', 'b'],
    model: 'text-embedding-3-small',
    dimensions: 2,
    encoding_format: 'float',
  });
});

test('the official SDK talks through the board: it streams, and its errors are its own', async () => {
  const { connect, vendor, sent } = rig();
  vi.stubEnv('OPENAI_API_KEY', 'sk-environment');
  vi.stubEnv('OPENAI_BASE_URL', 'https://evil.example/v1');
  vi.stubEnv('OPENAI_ORG_ID', 'org-environment');
  const client = await connect({ region: 'eu' });
  const sdk = await client.sdk();
  expect(await client.sdk()).toBe(sdk);
  const created = await sdk.responses.create({ model: 'gpt-5.4', input: 'Hi' });
  expect(created.output_text).toBe('You said: Hi');
  expect(sent[0]?.url.href).toBe('https://eu.api.openai.com/v1/responses');
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer sk-proj-abc');
  expect([...sent[0]!.headers.values()].join()).not.toMatch(/placeholder|environment/);
  const words: string[] = [];
  for await (const event of await sdk.responses.create({ model: 'gpt-5.4', input: 'Hi', stream: true })) {
    if (event.type === 'response.output_text.delta') words.push(event.delta);
  }
  expect(words.join('')).toBe('You said: Hi');

  vendor.failNext('quotaUsedUp');
  const refused = sdk.responses.create({ model: 'gpt-5.4', input: 'Hi' });
  await expect(refused).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
  await expect(sdk.get('https://evil.example/v1/models')).rejects.toMatchObject({
    cause: { cause: { name: 'PlugboardError', kind: 'configuration' } },
  });
});

test('without a key the stub answers, streams, keeps to schemas and calls tools', async () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, info: (fields: object, text: string) => void lines.push([text, fields]) };
  const { board } = createTestBoard(openai(), { log });
  const { chat } = board.client('openai');
  const answer = await chat.complete({ messages, output: { name: 'city', schema } });
  expect(isStub(answer)).toBe(true);
  expect(answer.output).toEqual({ city: 'text' });
  const told = await all(chat.stream({ messages, tools: [tool], toolChoice: 'required' }));
  expect(told.map(({ type }) => type)).toEqual(['tool_call', 'end']);
  expect(lines).toMatchObject([
    ['stub: openai chat.complete would have sent', { request: 'POST api.openai.com/v1/responses' }],
    ['stub: openai chat.stream would have sent', { body: { stream: true } }],
  ]);
});
