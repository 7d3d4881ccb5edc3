/** What a reader of log lines gets to see: with the real pino, with the console, and with a board that was given either. */
import { Writable } from 'node:stream';

import { pino } from 'pino';
import { describe, expect, it, test, vi } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { PlugboardError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { consoleLog, pinoLog, redactedLog } from '../src/redacted-log.ts';
import { Secret } from '../src/secret.ts';
import { acmeProvider, createRig, key } from './support/rig.ts';

const canary = 'Canary9f+a"b/c=d&0123456789';

/** A pino logger at its most talkative, and the lines that it writes. */
function realPino() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, stream), lines };
}

class Connection {
  readonly password = canary;
}

function circular(): object {
  const loop: Record<string, unknown> = { token: canary };
  loop['self'] = loop;
  return loop;
}

const trouble = Object.assign(new Error(`refused ${canary}`, { cause: new Error(canary) }), {
  code: 'ECONNREFUSED',
  body: { access_token: canary },
});

/** Each with a secret in another place. */
const hiding: readonly [string, object][] = [
  ['a Secret', { value: new Secret(canary) }],
  ['a member named like one', { accessToken: canary }],
  ['such a member, nested', { answer: { body: { refresh_token: canary } } }],
  ['such a member in a list', { items: [{ clientSecret: canary }, { 'api-key': canary }] }],
  ['whatever stands in such a member', { credentials: { user: canary, list: [canary] } }],
  ['headers', { headers: { authorization: `Bearer ${canary}`, cookie: canary, 'x-shop-access-token': canary } }],
  ['the code of a callback', { params: { code: canary, state: canary } }],
  ['an error', { error: trouble }],
  ['an error in a list in an error', { errors: [trouble, new AggregateError([trouble], canary)] }],
  ['an error of ours around it', { cause: new PlugboardError({ kind: 'network', code: 'x', message: 'm', cause: trouble }) }],
  ['a URL', { url: new URL(`https://user:${encodeURIComponent(canary)}@h.example/x?key=${encodeURIComponent(canary)}`) }],
  ['a URL in a text', { target: `see https://h.example/x?token=${canary.slice(0, 8)}${encodeURIComponent(canary)} there` }],
  ['an Authorization value in a text', { line: 'sent Bearer Canary9f+a/b=0123456789 to it' }],
  ['a Basic value in a text', { line: `sent Basic ${Buffer.from(`user:${canary}`).toString('base64')}` }],
  ['a token in a text', { line: 'got eyJhbGciOiJFUzI1NiJ9.eyJDYW5hcnk5ZiI6IkNhbmFyeTlmIn0.Canary9f' }],
  ['a private key', { pem: '-----BEGIN PRIVATE KEY-----\nCanary9f\nCanary9f\n-----END PRIVATE KEY-----' }],
  ['a private key without its end', { pem: '-----BEGIN RSA PRIVATE KEY-----\nCanary9f' }],
  ['a form', { sent: `grant_type=refresh_token&refresh_token=Canary9f&client_secret=Canary9f` }],
  ['JSON in a text', { sent: '{"access_token": "Canary9f", "id":1}' }],
  ['JSON cut short', { sent: '{"access_token":"Canary9f' }],
  ['raw headers in a text', { sent: 'x-api-key: Canary9f\r\ncookie: Canary9f' }],
  ['an object of a class', { pool: new Connection() }],
  ['bytes', { body: Buffer.from(canary) }],
  ['maps', { map: new Map([['token', canary]]), set: new Set([canary]), headers: new Headers({ 'x-key': 'Canary9f' }) }],
  ['something that contains itself', circular()],
  ['something deep', { a: { b: { c: { d: { e: { f: { g: { h: { plain: canary } } } } } } } } }],
  ['a getter', { get trap(): never { throw trouble; } }],
  ['a function', { run: () => canary }],
]; // prettier-ignore

describe.each(['info', 'warn', 'error'] as const)('R55 B01 pino at level trace, %s', (level) => {
  it.each(hiding)('shows nothing of %s', (_what, fields) => {
    const { logger, lines } = realPino();
    pinoLog(logger)[level](fields, 'a line');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'a line', component: 'plugboard' });
    expect(JSON.stringify(lines)).not.toMatch(/Canary9f/i);
    expect(JSON.stringify(lines)).not.toContain(Buffer.from('Canary9f').toString('base64').slice(0, 8));
  });
});

it('R55 pino as it is does show them, so that the lines above mean something', () => {
  const { logger, lines } = realPino();
  for (const [, fields] of hiding.slice(1, 8)) logger.info(fields, 'a line');
  for (const line of lines) expect(JSON.stringify(line)).toContain('Canary9f');
});

it('B01 known secrets are found in every field and in the message, in any encoding', () => {
  const { logger, lines } = realPino();
  const log = pinoLog(logger, { secrets: [new Secret(canary)] });
  const forms = [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64'), JSON.stringify(canary)];
  for (const form of forms)
    log.error({ note: `it said ${form}`, list: [form], [`name ${form}`]: 1 }, `it said ${form}`);
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(JSON.stringify(line)).not.toContain('Canary9f');
    expect(JSON.stringify(line)).not.toContain(Buffer.from('Canary9f+').toString('base64').slice(0, 10));
    expect(line['msg']).toMatch(/^it said "?\[secret\]/);
  }
});

it('what is no secret stays readable', () => {
  const { logger, lines } = realPino();
  const fields = {
    provider: 'acme',
    organizationId: 'org_01H7ZGXFMKQ6',
    connectionId: '7f9c24e8-3b12-4fef-91e0-5a2d4c6b8e10',
    kind: 'auth',
    code: 'invalid_grant',
    status: 400,
    tokenType: 'bearer',
    at: new Date(0),
    counts: [1, 2],
    nothing: null,
    big: 12n,
    error: trouble,
    message: 'acme oauth.token: credentials.apiKey: is required; uses basic authentication with a bearer token',
    url: 'https://h.example/things/1?page=2',
  };
  pinoLog(logger).warn(fields, 'things.list: the token: was refused\nby the vendor');
  expect(lines[0]).toMatchObject({
    ...fields,
    at: '1970-01-01T00:00:00.000Z',
    big: '12',
    error: 'Error (ECONNREFUSED)',
    url: 'https://h.example/things/1',
    msg: 'things.list: the token: was refused by the vendor',
  });
});

it('a line is bounded: long texts, long lists, many members', () => {
  const seen: object[] = [];
  const sink: Log = { info: (fields) => seen.push(fields), warn: () => undefined, error: () => undefined };
  const members = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`m${index}`, index]));
  redactedLog(sink).info({ text: 'x'.repeat(100_000), list: Array.from({ length: 5_000 }, () => 1), members }, 'm');
  expect(JSON.stringify(seen).length).toBeLessThan(4_000);
  expect(seen[0]).toMatchObject({ list: expect.arrayContaining(['4950 more']) as unknown, members: { more: 10 } });
});

test('B01 the console says the same: one line without a secret', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  consoleLog.error({ token: canary, provider: 'acme' }, 'a\nline');
  expect(said.mock.calls).toEqual([['[plugboard] a line {"token":"[secret]","provider":"acme"}']]);
});

describe('B01 a board takes secrets out of its lines, whatever log it was given', () => {
  const app = { clientId: 'client', clientSecret: `Sec-${canary}`, signingSecret: `Sig-${canary}` };

  function boardWith(log: Log) {
    return createPlugboard({
      url: 'https://app.example.com/integrations',
      providers: [acmeProvider()(app)],
      store: createMemoryStore(),
      keys: { k1: key },
      mode: 'test',
      env: {},
      log,
    });
  }

  it.each(['as it is', 'through pinoLog'])('pino %s: credentials of the deployment are known texts', async (how) => {
    const { logger, lines } = realPino();
    const board = boardWith(how === 'as it is' ? logger : pinoLog(logger));
    board.log.error(
      { said: `the vendor said ${app.clientSecret}`, other: encodeURIComponent(app.signingSecret) },
      app.clientSecret,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ said: 'the vendor said [secret]', other: '[secret]', msg: '[secret]' });
    await board.stop();
  });

  it('a handler that throws with a secret in its error costs the secret nothing', async () => {
    const { logger, lines } = realPino();
    const { board } = createRig({}, { log: logger });
    board.on('connection.connected', () => {
      throw trouble;
    });
    await board.connect('acme', { organizationId: 'org-1', credentials: { apiKey: 'acme-key' } });
    await board.stop();
    expect(lines).toMatchObject([{ event: 'connection.connected', error: 'Error (ECONNREFUSED)' }]);
    expect(JSON.stringify(lines)).not.toContain('Canary9f');
  });
});
