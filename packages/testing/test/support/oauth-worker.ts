/** A process that refreshes once, and reads the ledger of the server from there. */
import { connectFakeOAuthServer } from '@plugboard/testing/oauth-server';

const [, , origin = '', token = ''] = process.argv;
const params = { grant_type: 'refresh_token', refresh_token: token, client_id: 'app', client_secret: 'secret' };

// All workers wait for the start, so that they meet at the server.
process.once('message', () => {
  void fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams(params) }).then(async ({ status }) => {
    const { tokenCalls } = await connectFakeOAuthServer(origin).ledger();
    process.send?.({ status, seen: tokenCalls.length });
    process.disconnect();
  });
});
process.send?.('ready');
