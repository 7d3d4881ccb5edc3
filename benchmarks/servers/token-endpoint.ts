/** A token endpoint on a raw socket: answers each POST with fresh tokens after 20 ms. */
import { createServer, type AddressInfo } from 'node:net';

const delayMs = 20;
const padding = 'x'.repeat(170);
let count = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (let end = endOfRequest(rest); end !== undefined; end = endOfRequest(rest)) {
      rest = rest.slice(end);
      setTimeout(() => socket.destroyed || socket.write(answer()), delayMs);
    }
  });
});
server.listen(0, '127.0.0.1', 4096, () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));

/** Where the first whole request in the text ends. */
function endOfRequest(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length < end ? undefined : end;
}

function answer(): string {
  count += 1;
  const body = JSON.stringify({
    access_token: `ya29.${count}.${padding}`,
    refresh_token: `1//${count}.${padding.slice(0, 90)}`,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'read',
  });
  const head = ['HTTP/1.1 200 OK', 'content-type: application/json', `content-length: ${body.length}`];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
