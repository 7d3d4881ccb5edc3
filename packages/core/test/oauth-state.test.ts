/** What ties a flow to one browser and to ten minutes: the cookie to the character, and the reason of each refusal. */
import { describe, expect, test } from 'vitest';

import { defineProvider } from '../src/define-provider.ts';
import { isPlugboardError } from '../src/errors.ts';
import { encodeBase64 } from '../src/bytes.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { randomBytes } from '../src/random.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, createRig, key, organizationId, userId } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

/** The refusal of a callback, or undefined. */
function refusalOf({ board }: Rig, params: URL | URLSearchParams, cookies: string) {
  return board.callback('acme', { params, cookies, organizationId, userId }).then(
    () => undefined,
    (error: unknown) => {
      if (!isPlugboardError(error)) throw error;
      return { kind: error.kind, code: error.code };
    },
  );
}

const otherBrowser = { kind: 'permission', code: 'state_mismatch' };

describe('A01 the cookie of a flow', () => {
  test('is named by the flow and lives as long; with TLS no other host can set it', async () => {
    const { started } = await createRig().consent();
    const { name, value, header } = started.cookie;
    const state = new URL(started.url).searchParams.get('state')!;
    expect(name).toBe(`__Host-plugboard-acme-${state.slice(0, 8)}`);
    expect(value).toMatch(/^[\w-]{43}$/);
    expect(state).not.toContain(value);
    expect(header).toBe(`${name}=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure`);
  });

  test('works without TLS in development', async () => {
    const rig = createRig({}, { url: 'http://localhost:3000/integrations' });
    const { started, back, cookies } = await rig.consent();
    const { name, value, header } = started.cookie;
    expect(name).toMatch(/^plugboard-acme-[\w-]{8}$/);
    expect(header).toBe(`${name}=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax`);
    expect(await refusalOf(rig, back, cookies)).toBeUndefined();
  });

  test('A17 comes along with a post of the vendor’s page, which takes TLS', async () => {
    const oauth = { authorize: { url: 'https://auth.acme.example.com/authorize', formPost: true } };
    const { started } = await createRig({ oauth }).consent();
    expect(started.cookie.header).toMatch(/; HttpOnly; SameSite=None; Secure$/);
    await expect(createRig({ oauth }, { url: 'http://localhost:3000/x' }).consent()).rejects.toMatchObject({
      kind: 'configuration',
      code: 'form_post_needs_https',
    });
  });

  test('must hold what the browser was given, and nothing else by its name', async () => {
    const rig = createRig();
    const { started, back, cookies } = await rig.consent();
    const { name, value } = started.cookie;
    for (const wrong of [
      '',
      name,
      `${name}=`,
      `${name}=${value}x`,
      `${name}=${value.slice(1)}`,
      `${name}x=${value}`,
      `x${name}=${value}`,
      `x=${cookies}`,
      value,
      `${cookies}; ${name}=other`,
      `${name}=other; ${cookies}`,
      `${cookies}; ${cookies}`,
    ])
      expect([wrong, await refusalOf(rig, back, wrong)]).toEqual([wrong, otherBrowser]);
    expect(rig.tokenCalls()).toHaveLength(0);
    expect(await refusalOf(rig, back, cookies)).toBeUndefined();
  });

  test.each<[string, (cookie: string) => string]>([
    ['first', (cookie) => `${cookie}; session=1`],
    ['last', (cookie) => `session=1; theme=dark; ${cookie}`],
    ['in the middle, without spaces', (cookie) => `session=1;${cookie};theme=dark`],
    ['at the end of 16,384 characters', (cookie) => `${'x'.repeat(16_382 - cookie.length)}; ${cookie}`],
  ])('is found among others: %s', async (_where, around) => {
    const rig = createRig();
    const { back, cookies } = await rig.consent();
    expect(await refusalOf(rig, back, around(cookies))).toBeUndefined();
  });

  test('is not looked for behind 16,384 characters', async () => {
    const rig = createRig();
    const { back, cookies } = await rig.consent();
    expect(await refusalOf(rig, back, `${'x'.repeat(16_383 - cookies.length)}; ${cookies}`)).toEqual(otherBrowser);
    expect(await refusalOf(rig, back, `${'x'.repeat(16_384)}; ${cookies}`)).toEqual(otherBrowser);
  });
});

test('A05 text before or after a state makes it none', async () => {
  const rig = createRig();
  const { back, cookies } = await rig.consent();
  const state = back.searchParams.get('state')!;
  for (const wrong of [`x${state}`, `${state}x`, `x.${state}`, `${state}.x`, '', null]) {
    const params = new URLSearchParams({ code: 'c', ...(wrong !== null && { state: wrong }) });
    expect([wrong, await refusalOf(rig, params, cookies)]).toEqual([
      wrong,
      { kind: 'permission', code: 'state_invalid' },
    ]);
  }
  expect(await refusalOf(rig, back, cookies)).toBeUndefined();
});

test('A05 a state counts as it was signed, for the provider that it was signed for', async () => {
  const acme = acmeProvider();
  const app = { clientId: 'client', clientSecret: 'client-secret' };
  const other = defineProvider({ ...acme.definition, id: 'other' })(app);
  const rig = createRig({}, { more: [other] });
  const mine = await rig.consent('mine');
  const { back, cookies } = await rig.consent();
  const [handle = '', issued = '', keyId = '', signature = ''] = back.searchParams.get('state')!.split('.');
  const [foreign = ''] = mine.back.searchParams.get('state')!.split('.');
  const later = (Number.parseInt(issued, 36) + 600).toString(36);
  const swapped = signature.startsWith('A') ? 'B' : 'A';
  const invalid = { kind: 'permission', code: 'state_invalid' };
  for (const parts of [
    [foreign, issued, keyId, signature],
    [handle, later, keyId, signature],
    [handle, issued, keyId, swapped + signature.slice(1)],
  ]) {
    const params = new URLSearchParams({ code: 'c', state: parts.join('.') });
    expect(await refusalOf(rig, params, cookies)).toEqual(invalid);
  }
  const elsewhere = rig.board.callback('other' as 'acme', { params: back, cookies, organizationId, userId });
  await expect(elsewhere).rejects.toMatchObject(invalid);
  expect(await refusalOf(rig, back, cookies)).toBeUndefined();
});

test('A03 A04 a state that is gone was used, and from the tenth minute on it has expired', async () => {
  const rig = createRig();
  const used = await rig.consent('used');
  const late = await rig.consent('late');
  expect(await refusalOf(rig, used.back, used.cookies)).toBeUndefined();
  expect(await refusalOf(rig, used.back, used.cookies)).toEqual({ kind: 'permission', code: 'state_consumed' });
  await rig.clock.advance(600_000);
  for (const { back, cookies } of [used, late])
    expect(await refusalOf(rig, back, cookies)).toEqual({ kind: 'permission', code: 'state_expired' });
});

test('A02 a refusal of the wrong user is kept in the trail of who began, and spends nothing', async () => {
  const rig = createRig();
  const { back, cookies } = await rig.consent();
  const wrong = [{ organizationId: 'org-2' }, { userId: 'user-2' }, { organizationId: 'org-1/', userId: 'user-1' }];
  for (const who of wrong) {
    const callback = rig.board.callback('acme', { params: back, cookies, organizationId, userId, ...who });
    await expect(callback).rejects.toMatchObject({ kind: 'permission', code: 'tenant_mismatch' });
  }
  expect(await refusalOf(rig, back, '')).toEqual(otherBrowser);
  const { items } = await rig.board.audit.list({ organizationId });
  const entry = { type: 'connect.refused', provider: 'acme', connectionId: null };
  expect(items.map(({ type, provider, connectionId, actor, data }) => ({ type, provider, connectionId, actor, data }))).toEqual([
    { ...entry, actor: userId, data: { reason: 'state_mismatch' } },
    { ...entry, actor: userId, data: { reason: 'tenant_mismatch' } },
    { ...entry, actor: 'user-2', data: { reason: 'tenant_mismatch' } },
    { ...entry, actor: userId, data: { reason: 'tenant_mismatch' } },
  ]); // prettier-ignore
  expect(await refusalOf(rig, back, cookies)).toBeUndefined();
});

test('A03 of two callbacks at once one is taken', async () => {
  const rig = createRig();
  const { back, cookies } = await rig.consent();
  const outcomes = await Promise.all([refusalOf(rig, back, cookies), refusalOf(rig, back, cookies)]);
  expect(outcomes).toEqual([undefined, { kind: 'permission', code: 'state_consumed' }]);
  expect(rig.tokenCalls()).toHaveLength(1);
});

test('A06 a state counts for the provider and under the key that it was signed for', async () => {
  const store = createMemoryStore({ clock: createFakeClock() });
  const [old, other] = [key, encodeBase64(randomBytes(32))];
  const before = createRig({}, { store });
  const { back, cookies } = await before.consent();
  const invalid = { kind: 'permission', code: 'state_invalid' };
  const state = back.searchParams.get('state')!;
  expect(state.split('.')[2]).toBe('k1');
  const params = new URLSearchParams({ code: 'c', state: state.replace('.k1.', '.k2.') });
  expect(await refusalOf(before, params, cookies)).toEqual(invalid);
  for (const keys of [{ k1: other }, { k2: other }])
    expect(await refusalOf(createRig({}, { keys }), back, cookies)).toEqual(invalid);
  // The key was rotated while the user was at the vendor.
  const rotated = createRig({}, { store, keys: { k2: other, k1: old } });
  expect((await rotated.consent()).back.searchParams.get('state')).toContain('.k2.');
  expect(await refusalOf({ ...before, board: rotated.board }, back, cookies)).not.toEqual(invalid);
});

test('A27 too many flows are told as a limit, with the time to wait', async () => {
  const { board } = createRig();
  for (let turn = 0; turn < 20; turn++) await board.authorize('acme', { organizationId, userId });
  await expect(board.authorize('acme', { organizationId, userId })).rejects.toMatchObject({
    kind: 'rate_limited',
    code: 'too_many_flows',
    retryAfterMs: 600_000,
  });
});
