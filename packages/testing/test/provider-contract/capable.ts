/** The sound provider with every further capability, each kept by its stand-in. */
import {
  at,
  defineProvider,
  endpoint,
  readServerSentEvents,
  text,
  type Api,
  type Capabilities,
  type ChatAnswer,
  type ChatCapability,
  type Json,
  type ProviderFactory,
} from '@plugboard/core';
import { z } from 'zod';

import { factoryOf, sound } from './sound.ts';

const note = z.looseObject({ id: z.string() });
const post = endpoint('POST /notes', {
  summary: 'Takes anything in.',
  input: z.looseObject({}),
  output: note,
  example: { input: { about: 'tea' }, answer: { id: 'note_1' } },
});
const file = z.looseObject({ id: z.string(), name: z.string() });
const putFile = endpoint('POST /files', {
  summary: 'Stores a file.',
  input: z.strictObject({ name: z.string(), text: z.string() }),
  output: file,
  example: { input: { name: 'a.txt', text: 'A' }, answer: { id: 'file_1', name: 'a.txt' } },
});
const getFile = endpoint('GET /files/{id}', {
  summary: 'Reads a file.',
  input: z.strictObject({ id: z.string() }),
  output: file.extend({ text: z.string() }),
  example: { input: { id: 'file_1' }, answer: { id: 'file_1', name: 'a.txt', text: 'A' } },
});
const listFiles = endpoint('GET /files', {
  summary: 'Lists files.',
  input: z.strictObject({}),
  output: z.looseObject({ files: z.array(file) }),
  example: { input: {}, answer: { files: [{ id: 'file_1', name: 'a.txt' }] } },
});
const deleteFile = endpoint('DELETE /files/{id}', {
  summary: 'Deletes a file.',
  input: z.strictObject({ id: z.string() }),
  output: z.unknown(),
  example: { input: { id: 'file_1' }, answer: { deleted: true } },
});

export function chat(api: Api): ChatCapability {
  const answerOf = (model: string, words: string, output?: Json): ChatAnswer => ({
    model,
    text: words,
    toolCalls: [],
    finish: 'stop',
    usage: { inputTokens: 3, outputTokens: 1 },
    reply: { role: 'assistant', content: words },
    ...(output !== undefined && { output }),
  });
  return {
    async complete(request) {
      await api.call(post, { ...request });
      return answerOf(request.model ?? 'tea-1', 'Paris', request.output && { city: 'Paris' });
    },
    async *stream(request) {
      const { body } = await api.stream({ method: 'POST', url: '/notes', json: { ...request, stream: true } });
      let words = '';
      for await (const { data } of readServerSentEvents(body)) {
        words += data;
        yield { type: 'text', text: data };
      }
      yield { type: 'end', answer: answerOf(request.model ?? 'tea-1', words) };
    },
  };
}

const capabilities: Capabilities<'chat' | 'embed' | 'track' | 'errorReporting' | 'files'> = {
  chat,
  embed: (api) => async (request) => {
    await api.call(post, { ...request });
    return { model: request.model ?? 'tea-1', vectors: request.texts.map((_, index) => [index, 1]) };
  },
  track: (api) => {
    const tell = async (what: object) => void (await api.call(post, { ...what }));
    return { capture: tell, identify: tell, alias: tell, group: tell, flush: async () => undefined };
  },
  errorReporting(api) {
    return {
      captureException: async (error, context) =>
        api.call(post, { about: error instanceof Error ? error.message : String(error), ...context }),
      captureMessage: async (about, context) => api.call(post, { about, ...context }),
      setErrorContext: async (context) => void (await api.call(post, { ...context })),
      flush: async () => undefined,
    };
  },
  files: (api) => ({
    put: ({ name, data }) =>
      api.call(putFile, { name, text: typeof data === 'string' ? data : new TextDecoder().decode(data) }),
    async get(id) {
      const found = await api.call(getFile, { id });
      return {
        body: (async function* () {
          yield new TextEncoder().encode(found.text);
        })(),
      };
    },
    async *list() {
      yield* (await api.call(listFiles, {})).files;
    },
    delete: async (id) => void (await api.call(deleteFile, { id })),
    url: async (id) => ({ url: `https://api.acme.example/files/${id}` }),
  }),
};

const { operations } = sound.definition;

export const capable = defineProvider({
  ...sound.definition,
  operations: {
    ...operations,
    notes: { post },
    storedFiles: { put: putFile, get: getFile, list: listFiles, delete: deleteFile },
  },
  capabilities,
  emulator(vendor) {
    const files = vendor.table('files');
    return {
      'POST /notes': ({ json }) =>
        at(json, 'stream') === true ? { stream: ['data: Pa\n', '\ndata: ris\n\n'] } : { json: { id: vendor.id() } },
      'POST /files': ({ json }) => {
        const id = vendor.id('file_');
        const stored = { id, name: text(at(json, 'name')) ?? '', text: text(at(json, 'text')) ?? '' };
        files.set(id, stored);
        return { json: stored };
      },
      'GET /files': () => ({ json: { files: [...files.values()] } }),
      'GET /files/{id}': ({ params }) => found(files.get(params['id']!)),
      'DELETE /files/{id}': ({ params }) => (files.delete(params['id']!) ? { json: {} } : found(undefined)),
    };
  },
});

function found(stored: Json | undefined) {
  return stored === undefined ? { status: 404, json: { error: 'not_found' } } : { json: stored };
}

export type Capable = typeof capable.definition;

/** The capable provider with one capability exchanged for a faulty one. */
export function withCapability(change: object): ProviderFactory<Capable> {
  const changed = { ...capable.definition, capabilities: { ...capabilities, ...change } };
  return factoryOf(changed) as unknown as ProviderFactory<Capable>;
}
