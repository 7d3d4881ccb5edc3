/** A vendor that repeats everything it was sent, in every way in which servers go wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GossipVendor {
  readonly origin: string;
  /** Path and query of each request, and its headers. */
  readonly requests: readonly { readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

type Misbehave = (response: ServerResponse, said: string) => void;

const json = { 'content-type': 'application/json' };
const ways: Readonly<Record<string, Misbehave>> = {
  ok: (response) => response.writeHead(200, json).end('{"id":"acct-1","name":"Acme"}'),
  html: (response, said) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${said}</p>`),
  text: (response, said) => response.writeHead(200, json).end(said),
  shape: (response, said) => response.writeHead(200, json).end(JSON.stringify({ id: { said }, [said]: said })),
  cut: (response) => void response.socket?.destroy(),
  short: (response, said) => {
    response.writeHead(200, { ...json, 'content-length': '100000' }).write(said);
    response.socket?.destroySoon();
  },
  junk: (response, said) => void response.socket?.end(`HTTP/9 ${said}\r\n\r\n`),
  redirect: (response, said) => response.writeHead(302, { location: `/ok?said=${encodeURIComponent(said)}` }).end(said),
  away: (response, said) =>
    response.writeHead(302, { location: `https://evil.example/${encodeURIComponent(said)}` }).end(),
  large: (response, said) => response.writeHead(200, json).end(said.repeat(Math.ceil(11_000_000 / said.length))),
  gzip: (response, said) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(said),
  encoding: (response, said) => response.writeHead(200, { ...json, 'content-encoding': 'zstd' }).end(said),
  silent: () => undefined,
};

export async function createGossipVendor(): Promise<GossipVendor> {
  const requests: { url: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { url = '/', headers } = incoming;
      requests.push({ url, headers });
      const basic = Buffer.from(String(headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
      const said = [
        url,
        decodeURIComponent(url),
        JSON.stringify(headers),
        headers.authorization,
        basic,
        String(Buffer.concat(chunks)),
      ].join(' | ');
      const way = new URL(url, 'http://vendor').pathname.split('/')[1] ?? '';
      const status = Number(way);
      response.setHeader('x-request-id', String(headers['x-key'] ?? 'request-1').replaceAll(/[^\w.:/+=-]/g, ''));
      if (status > 0) response.writeHead(status, json).end(JSON.stringify({ error: said, error_description: said }));
      else (ways[way] ?? ways['ok']!)(response, said);
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
