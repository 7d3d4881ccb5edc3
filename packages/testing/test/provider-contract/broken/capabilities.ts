/** Plugins whose capability is not what its interface says. */
import type { Api, ChatCapability, ChatEvent, EmbedRequest, FilesCapability, TrackCapability } from '@plugboard/core';
import type { AnyDefinition, ErrorReportingCapability, ProviderFactory } from '@plugboard/core';

import { capable, chat, withCapability } from '../capable.ts';

export interface BrokenCapability {
  readonly fault: string;
  readonly fails: string;
  readonly because: RegExp;
  readonly factory: ProviderFactory<AnyDefinition>;
}

const { capabilities } = capable.definition;
const name = (capability: string) => `capability ${capability}: does what its interface says`;

function faulty(fault: string, capability: string, because: RegExp, make: (api: Api) => unknown): BrokenCapability {
  return { fault, fails: name(capability), because, factory: withCapability({ [capability]: make }) };
}

const faultyChat = (fault: string, because: RegExp, change: (sound: ChatCapability) => Partial<ChatCapability>) =>
  faulty(fault, 'chat', because, (api) => ({ ...chat(api), ...change(chat(api)) }));

const faultyStream = (fault: string, because: RegExp, change: (event: ChatEvent) => readonly ChatEvent[]) =>
  faultyChat(fault, because, ({ stream }) => ({
    async *stream(request) {
      for await (const event of stream(request)) yield* change(event);
    },
  }));

export const brokenCapabilities: readonly BrokenCapability[] = [
  faultyChat('a chat that forgets which model was asked for', /the model that was asked for/, ({ complete }) => ({
    complete: (request) => complete({ ...request, model: 'another-model' }),
  })),
  faultyChat('a chat that drops what a tool answered', /what the tool answered/, ({ complete }) => ({
    complete: (request) => complete({ ...request, messages: request.messages.filter(({ role }) => role !== 'tool') }),
  })),
  faultyChat('a chat whose reply is not its answer', /content/, ({ complete }) => ({
    complete: async (request) => ({ ...(await complete(request)), reply: { role: 'assistant', content: '' } }),
  })),
  faultyChat('a chat that leaves JSON unread', /is parsed/, ({ complete }) => ({
    complete: async (request) => {
      const { output: _output, ...rest } = await complete(request);
      return rest;
    },
  })),
  faultyStream('a stream without an end', /closes with its answer/, (event) => (event.type === 'end' ? [] : [event])),
  faultyStream('a stream with two ends', /ends of one stream/, (event) =>
    event.type === 'end' ? [event, event] : [event],
  ),
  faultyStream('a stream that swallows a piece', /the pieces make the answer/, (event) =>
    event.type === 'text' && event.text === 'ris' ? [] : [event],
  ),
  faulty(
    'an embedding that loses a text',
    'embed',
    /one vector for each text/,
    (api) => async (request: EmbedRequest) => capabilities!.embed(api)({ ...request, texts: request.texts.slice(1) }),
  ),
  faulty('a tracker that keeps what it was told', 'track', /contract_event/, (api): TrackCapability => ({
    ...capabilities!.track(api),
    capture: async (event) => {
      if (event.name !== 'contract_event') await capabilities!.track(api).capture(event);
    },
  })),
  faulty('a reporter without receipts', 'errorReporting', /\\S/, (api): ErrorReportingCapability => ({
    ...capabilities!.errorReporting(api),
    captureMessage: async () => ({ id: '' }),
  })),
  faulty('a reporter without context', 'errorReporting', /contract-tag/, (api): ErrorReportingCapability => ({
    ...capabilities!.errorReporting(api),
    setErrorContext: async () => undefined,
  })),
  faulty('a store that hides what was put', 'files', /the list holds what was put/, (api): FilesCapability => ({
    ...capabilities!.files(api),
    async *list() {
      // Empty.
    },
  })),
  faulty('a store that keeps what was deleted', 'files', /this must be refused/, (api): FilesCapability => ({
    ...capabilities!.files(api),
    delete: async () => undefined,
  })),
];
