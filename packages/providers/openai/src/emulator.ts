/** What the vendor's double remembers: stored responses; and how it answers and streams. */
import { at, member, standInAnswer, text, type EmulatorExtension, type Json, type JsonObject } from '@plugboard/core';

export const emulator: EmulatorExtension = (vendor) => {
  const stored = vendor.table('responses');
  const example = vendor.example('responses.get').json as JsonObject;
  const find = (id = '') => stored.get(id) ?? (id === example['id'] ? example : undefined);

  function respond(asked: Json | undefined) {
    const { text: words, pieces, call } = standInAnswer(questionOf(asked));
    const called = { type: 'function_call', id: vendor.id('fc_'), call_id: vendor.id('call_'), status: 'completed' };
    const content = [{ type: 'output_text', text: words, annotations: [], logprobs: [] }];
    const item = call
      ? { ...called, name: call.name, arguments: JSON.stringify(call.input) }
      : { type: 'message', id: vendor.id('msg_'), status: 'completed', role: 'assistant', content };
    const status = member(asked, 'background') === true ? 'queued' : 'completed';
    const made = { id: vendor.id('resp_'), created_at: Math.floor(vendor.now() / 1000), status, output: [item] };
    const response: JsonObject = { ...example, ...made, model: member(asked, 'model') ?? '' };
    if (member(asked, 'store') !== false) stored.set(made.id, response);
    return { response, events: eventsOf(response, item, pieces) };
  }

  return {
    'POST /responses': ({ json }) => {
      const { response, events } = respond(json);
      return member(json, 'stream') === true ? { stream: events } : { json: response };
    },
    'GET /responses/{id}': ({ params }) => {
      const found = find(params['id']);
      return found === undefined ? vendor.failure('notFound') : { json: found };
    },
    'POST /responses/{id}/cancel': ({ params: { id = '' } }) => {
      const found = find(id);
      if (found === undefined) return vendor.failure('notFound');
      const cancelled = { ...(found as JsonObject), status: 'cancelled' };
      stored.set(id, cancelled);
      return { json: cancelled };
    },
    'DELETE /responses/{id}': ({ params: { id = '' } }) => {
      if (find(id) === undefined) return vendor.failure('notFound');
      stored.delete(id);
      return { json: { id, object: 'response', deleted: true } };
    },
    'POST /chat/completions': ({ json }) => {
      if (member(json, 'stream') !== true) return undefined;
      const head = { id: vendor.id('chatcmpl-'), object: 'chat.completion.chunk', model: member(json, 'model') };
      const piece = (rest: object) => `data: ${JSON.stringify({ ...head, ...rest })}\n\n`;
      const delta = (content: string) => piece({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      const usage = { prompt_tokens: 19, completion_tokens: 2, total_tokens: 21 };
      return { stream: [delta('Hi'), delta('.'), piece({ choices: [], usage }), 'data: [DONE]\n\n'] };
    },
    'POST /embeddings': ({ json }) => {
      const texts = [member(json, 'input') ?? ''].flat();
      const length = Number(member(json, 'dimensions') ?? 8);
      const vector = (index: number) => Array.from({ length }, (_, place) => (place === index % length ? 1 : 0));
      const data = texts.map((_, index) => ({ object: 'embedding', index, embedding: vector(index) }));
      const usage = { prompt_tokens: texts.length, total_tokens: texts.length };
      return { json: { object: 'list', data, model: member(json, 'model') ?? '', usage } };
    },
  };
};

function questionOf(asked: Json | undefined): Parameters<typeof standInAnswer>[0] {
  const input = member(asked, 'input');
  const last = Array.isArray(input) ? at(input, input.length - 1) : input;
  const choice = member(asked, 'tool_choice');
  const name = text(member(choice, 'name'));
  const tools = (member(asked, 'tools') ?? []) as readonly Json[];
  return {
    heard: text(last) ?? text(member(last, 'content')) ?? text(at(last, 'content', 0, 'text')) ?? 'something',
    output: at(asked, 'text', 'format', 'schema'),
    tools: tools.map((tool) => ({ name: text(member(tool, 'name')) ?? '', input: member(tool, 'parameters') })),
    toolChoice: name === undefined ? (choice === 'required' ? choice : undefined) : { name },
  };
}

function eventsOf(response: JsonObject, item: JsonObject, pieces: readonly string[]): string[] {
  const place = { output_index: 0, content_index: 0, item_id: item['id'] };
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response },
  ];
  return events.map((event, number) => {
    const data = JSON.stringify({ ...event, sequence_number: number });
    return `event: ${event.type}\ndata: ${data}\n\n`;
  });
}
