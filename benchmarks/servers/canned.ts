/** HTTP/1.1 by hand on a raw socket: one canned answer of 1 KB for each request head, so that the client is measured. */
import { createServer, type AddressInfo } from 'node:net';

const items: object[] = [];
let body = '';
while (body.length < 1000) {
  items.push({ id: `obj_${items.length}`, name: 'A thing', amount: 1000 + items.length, active: true });
  body = JSON.stringify({ object: 'list', has_more: false, data: items });
}
const head = [
  'HTTP/1.1 200 OK',
  'content-type: application/json',
  `content-length: ${body.length}`,
  'connection: keep-alive',
];
const answer = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n');
    rest = heads.pop() ?? '';
    heads.forEach(() => socket.write(answer));
  });
});
server.listen(0, '127.0.0.1', 1024, () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
