/** A Worker in workerd, the runtime of Cloudflare, bundled from the sources as a deployment would be. */
import { createKey } from '@plugboard/core';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ignoresForwarded, keepsAnswers, signedEvent } from './support/raw-webhook.ts';
import { createRig, url } from './support/rig.ts';

let runtime: Miniflare;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/support/worker.ts`],
    conditions: ['@plugboard/source', 'workerd', 'worker', 'browser'],
    external: ['node:*'],
    // As the deployment tool of Workers does with the flag below.
    alias: { async_hooks: 'node:async_hooks' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  runtime = new Miniflare({
    modules: true,
    script: outputFiles[0]!.text,
    compatibilityDate: '2026-01-01',
    compatibilityFlags: ['nodejs_compat'],
    bindings: { PLUGBOARD_KEY: createKey() },
  });
  await runtime.ready;
});
afterAll(() => runtime.dispose());

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await runtime.dispatchFetch(url + path, init as never);
  const body = await answer.arrayBuffer();
  const headers = new Headers([...answer.headers]);
  return new Response(body.byteLength === 0 ? null : body, { status: answer.status, headers });
}

describe('Cloudflare Workers', () => {
  const rig = createRig();

  it('E05 hands over the bytes that came in', async () => {
    const sent = await signedEvent(rig);
    expect((await send('/webhooks/acme', { ...sent, body: `${sent.body} ` })).status).toBe(401);
    expect((await send('/webhooks/acme', sent)).status).toBe(200);
    expect(await (await send('/heard')).json()).toEqual([
      JSON.stringify({ id: 'evt-1', type: 'order.created', '\u00fc': 1, a: 2 }),
    ]);
  });
  it('answers as the handler does', () => keepsAnswers({ rig, send }));
  it('A13 believes no proxy', () => ignoresForwarded({ rig, send }));
});
