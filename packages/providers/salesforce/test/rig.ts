import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';

import { salesforce } from '../src/index.ts';

const organizationId = 'org-1';

interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An organization that has connected; the network answers as the test says, else as the emulator. */
export async function connected(answer: (sent: Sent) => Response | undefined = () => undefined) {
  const provider = salesforce({ stub: false });
  const emulator = createEmulator(provider);
  const sent: Sent[] = [];
  let answering = false;
  const wire = handlerWire(async (request) => {
    const { method, headers } = request;
    const seen = { url: new URL(request.url), method, headers, body: await request.clone().text() };
    sent.push(seen);
    return (answering ? answer(seen) : undefined) ?? emulator.fetch(request);
  });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    wire,
  });
  const credentials = salesforce.definition.auth.clientCredentials.example as never;
  await board.connect('salesforce', { organizationId, method: 'clientCredentials', credentials });
  sent.length = 0;
  answering = true;
  return { sent, client: board.client('salesforce', { organizationId }) };
}

export async function read<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
