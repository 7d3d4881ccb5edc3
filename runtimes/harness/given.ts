/** What the programs are told, and the server that they talk to. */
import { gzipSync } from 'node:zlib';

import { createSandbox } from '@plugboard/core/emulator';

import { acme } from '../../packages/http/test/support/acme.ts';
import { serveFetch } from '../../packages/testing/src/serve-fetch.ts';
import type { Given } from '../program/report.ts';
import { ciphers, seal, withCipher } from '../program/vault.ts';

export interface Prepared {
  given(program: Given['program'], runtime?: Given['runtime']): Given;
  close(): Promise<void>;
}

/** A stand-in of the vendor over HTTP in this process, and values that this process sealed. */
export async function prepare(): Promise<Prepared> {
  const vendor = createSandbox({ providers: [acme()] });
  const { origin, close } = await serveFetch(async (request) =>
    new URL(request.url).pathname === '/compressed' ? compressed() : vendor.fetch(request),
  );
  const sealed: Record<string, string> = {};
  // One after the other: a cipher is chosen by what the process shows.
  for (const cipher of ciphers) sealed[cipher] = await withCipher(cipher, seal);
  return {
    given: (program, runtime = 'other') => ({ program, origin, runtime, sealed }),
    close,
  };
}

function compressed(): Response {
  const body = new Uint8Array(gzipSync(JSON.stringify({ compressed: true })));
  return new Response(body, { headers: { 'content-encoding': 'gzip' } });
}
