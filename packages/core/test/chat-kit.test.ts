import { describe, expect, it } from 'vitest';

import { chatAnswer, imageAddress, standInAnswer, toolInput } from '../src/capabilities/chat-kit.ts';

const asked = { messages: [], output: { name: 'city', schema: {} } };
const parts = { model: 'm-1', text: '{"city":"Paris"}', finish: 'stop' } as const;

describe('the answer of a chat', () => {
  it('carries the reply for the next turn, and the output where one was asked for', () => {
    expect(chatAnswer(asked, parts)).toEqual({
      model: 'm-1',
      text: parts.text,
      toolCalls: [],
      finish: 'stop',
      output: { city: 'Paris' },
      reply: { role: 'assistant', content: parts.text },
    });
    expect(chatAnswer({ messages: [] }, parts)).not.toHaveProperty('output');
  });

  it('has no output before it is finished', () => {
    const toolCalls = [{ id: 'c1', name: 'weather', input: {} }];
    const called = chatAnswer(asked, { ...parts, text: '', toolCalls, state: ['thought'] });
    expect(called).toMatchObject({ finish: 'tool_calls', reply: { toolCalls, state: ['thought'] } });
    expect(called).not.toHaveProperty('output');
    expect(chatAnswer(asked, { ...parts, text: 'I cannot', finish: 'refused' })).not.toHaveProperty('output');
  });

  it('that is not the JSON that was asked for fails, without its words', () => {
    const read = () => chatAnswer(asked, { ...parts, text: 'Ada lives in {' });
    expect(read).toThrow(expect.objectContaining({ kind: 'invalid_response', code: 'unreadable_output' }));
    expect(read).not.toThrow(/Ada/);
  });
});

describe('the input of a tool', () => {
  it.each([
    ['{"city":"Paris"}', { city: 'Paris' }],
    [{ city: 'Paris' }, { city: 'Paris' }],
    ['', {}],
  ])('%j', (written, input) => {
    expect(toolInput(written)).toEqual(input);
  });

  it.each(['{"city"', '[]', 'null', 3, null, undefined])('%j is none', (written) => {
    expect(() => toolInput(written)).toThrow(expect.objectContaining({ code: 'unreadable_tool_call' }));
  });
});

it('an image is its address, or its bytes as one', () => {
  expect(imageAddress({ type: 'image', url: 'https://a.example/b.png' })).toBe('https://a.example/b.png');
  const image = { type: 'image', data: new Uint8Array([1, 2]), mediaType: 'image/png' } as const;
  expect(imageAddress(image)).toBe('data:image/png;base64,AQI=');
});

describe('the stand-in of a model', () => {
  const schema = {
    type: 'object',
    properties: {
      unit: { enum: ['celsius', 'kelvin'] },
      days: {
        type: 'array',
        items: { type: 'object', properties: { sun: { type: 'boolean' }, rain: { type: 'number' } } },
      },
      place: { type: ['string', 'null'] },
      note: { type: 'string' },
    },
  };
  const sample = { unit: 'celsius', days: [{ sun: true, rain: 1 }], place: 'text', note: 'text' };
  const tools = [
    { name: 'first', input: {} },
    { name: 'second', input: schema },
  ];

  it('repeats what it heard, in words that make its text', () => {
    const { text, pieces } = standInAnswer({ heard: 'two  words\n', tools });
    expect(text).toBe('You said: two  words\n');
    expect(pieces.length).toBe(4);
    expect(pieces.join('')).toBe(text);
  });

  it('keeps to the schema of an output', () => {
    expect(JSON.parse(standInAnswer({ heard: '', output: schema }).text)).toEqual(sample);
  });

  it('calls the tool that it has to', () => {
    expect(standInAnswer({ heard: '', tools, toolChoice: 'required' }).call).toEqual({ name: 'first', input: {} });
    const named = standInAnswer({ heard: '', tools, toolChoice: { name: 'second' } });
    expect(named).toEqual({ text: '', pieces: [], call: { name: 'second', input: sample } });
    expect(standInAnswer({ heard: '', tools, toolChoice: { name: 'third' } }).call).toBeUndefined();
  });
});
