/** What every model must do, whoever sells it. */
import {
  isPlugboardError,
  type ChatAnswer,
  type ChatCapability,
  type ChatEvent,
  type EmbedCapability,
} from '@plugboard/core';
import { expect } from 'vitest';

import { orUnsupported, readAll } from './answers.ts';
import type { World } from './world.ts';

const model = 'contract-model-1';
const finishes = ['stop', 'length', 'tool_calls', 'refused', 'other'];
/** One pixel. */
const image = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tool = { name: 'weather', description: 'Tells the weather of a city.', input: schema };
const messages = [
  { role: 'system', content: 'Answer in one word.' },
  { role: 'user', content: 'Which city is the capital of France?' },
] as const;

export const languageRuns = {
  chat: async ({ complete, stream }: ChatCapability, world: World) => {
    const answer = await complete({ model, messages });
    expectAnswer(answer);
    expect(answer.text, 'an answer in words').toMatch(/\S/);
    expectSent(world, model, 'the model that was asked for');

    const seen = { type: 'image', data: image, mediaType: 'image/gif' } as const;
    const shown = [{ type: 'text', text: 'And this?' }, seen] as const;
    const looked = await orUnsupported(complete({ model, messages: [...messages, { role: 'user', content: shown }] }));
    if (looked !== undefined) expectAnswer(looked);

    // A whole turn with a tool, after the first answer as it was given.
    const call = { id: 'call_contract_1', name: tool.name, input: { city: 'Paris' } };
    const turn = await complete({
      model,
      messages: [
        ...messages,
        answer.reply,
        { role: 'user', content: 'And its weather?' },
        { role: 'assistant', content: '', toolCalls: [call] },
        { role: 'tool', callId: call.id, name: call.name, content: '{"sky":"contract-sky"}' },
      ],
      tools: [tool],
      toolChoice: 'auto',
      maxTokens: 200,
    });
    expectAnswer(turn);
    expectSent(world, 'contract-sky', 'what the tool answered');

    await expectOutput(complete);

    const before = world.edge.requests.length;
    const events = stream({ model, messages });
    expect(world.edge.requests.length, 'requests before the stream is read').toBe(before);
    expectEvents((await readAll(events)) as ChatEvent[]);
  },
  embed: async (embed: EmbedCapability, world: World) => {
    const { vectors } = await embed({ texts: ['tea', 'coffee'], model });
    expect(vectors.length, 'one vector for each text').toBe(2);
    for (const vector of vectors) {
      expect(vector.length).toBeGreaterThan(0);
      expect(vector.every(Number.isFinite), 'vectors of numbers').toBe(true);
    }
    expectSent(world, model, 'the model that was asked for');
  },
} as const;

function expectAnswer({ model: name, finish, usage, reply, text, toolCalls }: ChatAnswer): void {
  expect(name).toMatch(/\S/);
  expect(finishes).toContain(finish);
  expect(reply).toMatchObject({ role: 'assistant', content: text });
  expect(reply.toolCalls ?? []).toEqual(toolCalls);
  for (const tokens of [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0]) expect(Number.isInteger(tokens)).toBe(true);
}

/** The stand-in may answer in words whatever is asked: then the failure to read them must be told as one. */
async function expectOutput(complete: ChatCapability['complete']): Promise<void> {
  const asked = complete({ model, messages, output: { name: 'capital', schema } });
  const answer = await asked.catch((error: unknown) => {
    if (isPlugboardError(error) && error.kind === 'invalid_response') return undefined;
    throw error;
  });
  if (answer?.finish === 'stop') expect(answer.output, 'a finished answer of a schema is parsed').toBeDefined();
}

function expectEvents(events: readonly ChatEvent[]): void {
  const last = events.at(-1);
  expect(last?.type, 'a stream closes with its answer').toBe('end');
  expect(events.filter(({ type }) => type === 'end').length, 'ends of one stream').toBe(1);
  if (last?.type !== 'end') return;
  expectAnswer(last.answer);
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  expect(text, 'the pieces make the answer').toBe(last.answer.text);
  const calls = events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
  expect(calls, 'the calls make the answer').toEqual(last.answer.toolCalls);
}

/** Some vendors want it in the address. */
function expectSent(world: World, part: string, what: string): void {
  const sent = world.edge.requests.map(({ url, text }) => `${url.href} ${text}`);
  expect(
    sent.some((request) => request.includes(part)),
    `${what} reaches the vendor`,
  ).toBe(true);
}
