/** One of several processes: on each word of the parent, many callers use the connection at once. */
import { openWorkerStore } from '../support/databases.ts';
import { createBoard, organizationId } from './vendor.ts';

const { ORIGIN = '', KEY = '', CALLERS = '64' } = process.env;
const { store, close } = openWorkerStore(process.env);
const board = createBoard(ORIGIN, store, KEY);
await board.ready();

process.on('message', (message: 'go' | 'stop') => {
  if (message === 'stop') {
    void board
      .stop()
      .then(close)
      .then(() => process.disconnect());
    return;
  }
  const client = board.client('vendor', { organizationId });
  const callers = Array.from({ length: Number(CALLERS) }, () => client.account.get());
  void Promise.allSettled(callers).then((results) => {
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    process.send?.({ done: results.length - failed.length, failed: [...new Set(failed)] });
  });
});
process.send?.('ready');
