import { createTestBoard, type AnswerInstead } from '@plugboard/testing';

import { salesforce } from '../src/index.ts';

const organizationId = 'org-1';

/** An organization that has connected; from then on the network answers as the test says, else as the emulator. */
export async function connected(answer: AnswerInstead = () => undefined) {
  const made = createTestBoard(salesforce({ stub: false }));
  const { board, sent } = made;
  const credentials = salesforce.definition.auth.clientCredentials.example as never;
  await board.connect('salesforce', { organizationId, method: 'clientCredentials', credentials });
  sent.length = 0;
  made.answer(answer);
  return { sent, client: board.client('salesforce', { organizationId }) };
}

export async function read<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
