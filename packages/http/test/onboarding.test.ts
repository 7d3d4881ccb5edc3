import { defineProvider } from '@plugboard/core';
import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import { createHandler } from '@plugboard/http';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { acme } from './support/acme.ts';
import { connectByOAuth, createRig, finish, json, session, signedIn, url } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

async function steps(rig: Pick<Rig, 'handler'>, provider = 'acme'): Promise<unknown[]> {
  const answer = (await json(await rig.handler(new Request(`${url}/onboarding`, { headers: session })))) as unknown as {
    steps: { provider: string; label: string; state: string; missing: string[] }[];
  };
  return answer.steps
    .filter((step) => step.provider === provider)
    .map(({ label, state, missing }) => [label, state, ...missing]);
}

describe('onboarding', () => {
  it('begins with connecting, and is done when every provider is', async () => {
    const rig = createRig();
    expect(await json(await rig.call('/onboarding'))).toEqual({
      steps: [
        { provider: 'acme', label: 'default', state: 'connect', missing: [] },
        { provider: 'shop', label: 'default', state: 'connect', missing: [] },
      ],
      done: 0,
      complete: false,
    });
    await connectByOAuth(rig);
    expect(await json(await rig.call('/onboarding'))).toMatchObject({ done: 1, complete: false });
    expect(await steps(rig)).toEqual([['default', 'done']]);
    await rig.call('/disconnect/acme', { method: 'POST' });
    expect(await steps(rig)).toEqual([['default', 'connect']]);
  });

  it('names what each connection waits for', async () => {
    const rig = createRig({ live: true });
    const connect = async (label: string, scopes: readonly string[]) => {
      const started = await rig.call(`/connect/acme?label=${label}`);
      const back = new URL(await rig.vendor.oauth.approve(started.headers.get('location')!, { scopes }));
      const cookie = `${session.cookie}; ${started.headers.get('set-cookie')!.split(';')[0]}`;
      await finish(rig, { back, cookie });
    };
    await connect('good', ['read', 'write']);
    await connect('narrow', ['read']);
    rig.vendor.failNext({ json: { id: 'acct-1', name: 'One', others: [{ id: 'acct-2', name: 'Two' }] } });
    await connect('many', ['read', 'write']);
    await connect('ended', ['read', 'write']);
    const row = (await rig.board.connections.get('acme', { organizationId: 'org-1', label: 'ended' }))!;
    await rig.store.connections.update('org-1', row.id, {}, { status: 'expired', statusReason: 'revoked' });
    expect(await steps(rig)).toEqual([
      ['good', 'done'],
      ['narrow', 'grant_scopes', 'write'],
      ['many', 'choose_account'],
      ['ended', 'reconnect'],
    ]);
  });

  it('asks for settings that the provider cannot do without', async () => {
    const { definition } = acme;
    const settings = { schema: z.strictObject({ channel: z.string(), digest: z.boolean().optional() }) };
    const needy = defineProvider({ ...definition, settings } as never);
    const board = createPlugboard({
      url,
      providers: [needy() as never],
      store: createMemoryStore(),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: 'test',
      env: {},
      log: silentLog,
    });
    const handler = createHandler(board, { authorize: signedIn, log: silentLog });
    await board.connect('acme' as never, { organizationId: 'org-1', credentials: { apiKey: 'key' } } as never);
    expect(await steps({ handler })).toEqual([['default', 'settings', 'channel']]);
    await board.settings.update('acme' as never, { organizationId: 'org-1', settings: { channel: 'c1' } } as never);
    expect(await steps({ handler })).toEqual([['default', 'done']]);
  });

  it('G01 knows the connections of one organization', async () => {
    const rig = createRig();
    await connectByOAuth(rig);
    const other = await json(await rig.call('/onboarding', { headers: { cookie: 'session=org-2/eve' } }));
    expect(other).toMatchObject({ done: 0 });
  });
});
