/** F02, F03, F05, F10: what a socket may be connected to. Listeners are real; what is blocked must never reach them. */
import type { LookupAddress } from 'node:dns';
import { connect } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { mayReach } from '../src/transport/addresses.ts';
import { guardConnector, type Lookup } from '../src/transport/guarded-connector.ts';
import type { Wire } from '../src/transport/transport.ts';
import { createUndiciWire } from '../src/transport/undici-wire.ts';
import { serveHttp, serveTcp } from './support/loopback.ts';
import { notations } from './support/notations.ts';
import { transportKit } from './support/transport-kit.ts';

const answersWith =
  (...addresses: readonly string[]): Lookup =>
  (_hostname, _options, callback) => {
    const all = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(null, all);
  };

const wireWith = (lookup: Lookup): Wire => {
  const wire = createUndiciWire({ lookup });
  onTestFinished(async () => wire.close?.());
  return wire;
};

describe('F02 literals', () => {
  it.each(notations)('%s is blocked and reaches no listener', async (notation) => {
    const everywhere = await serveTcp(() => undefined, '::');
    const url = new URL(`https://${notation}:${everywhere.port}/canary`);
    const { fail } = transportKit([]);
    const error = await fail(url.href, { hosts: [url.host], body: 'canary', method: 'POST' });
    expect(error).toMatchObject({ kind: 'configuration', code: 'egress_blocked', retryable: false });
    expect(everywhere.connections()).toBe(0);
  });

  it.each(['127.0.0.1', '2130706433', '[::1]'])('%s does reach it once it is trusted', async (notation) => {
    const everywhere = await serveTcp((socket) => socket.end(), '::');
    const { origin } = new URL(`http://${notation}:${everywhere.port}`);
    await transportKit([origin]).fail(origin, { method: 'POST', repeat: 'never' });
    expect(everywhere.connections()).toBe(1);
  });

  it.each([
    ['8.8.8.8', true],
    ['1.1.1.1', true],
    ['2606:4700:4700::1111', true],
    ['2a00:1450:4001:81b::200e', true],
    ['::ffff:8.8.8.8', true],
    ['::ffff:10.0.0.1', false],
    ['fe80::1%eth0', false],
    ['', false],
    ['localhost', false],
    ['8.8.8.8.', false],
  ])('the address %j: %s', (address, expected) => expect(mayReach(address)).toBe(expected));

  it('allows blocks of the same family only, and mapped addresses as what they are', () => {
    expect(mayReach('10.0.0.5', ['10.0.0.0/24'])).toBe(true);
    expect(mayReach('::ffff:10.0.0.5', ['10.0.0.0/24'])).toBe(true);
    expect(mayReach('10.0.1.5', ['10.0.0.0/24'])).toBe(false);
    expect(mayReach('fd00::5', ['fd00::/64'])).toBe(true);
    expect(mayReach('fd00:0:0:1::5', ['fd00::/64'])).toBe(false);
    expect(mayReach('fd00::5', ['10.0.0.0/8'])).toBe(false);
    expect(mayReach('not an address', 'any')).toBe(true);
  });
});

describe('F03 names', () => {
  it.each([
    ['a private address', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['loopback as IPv6', ['::1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['public first, private second', ['8.8.8.8', '127.0.0.1']],
    ['private first, public second', ['127.0.0.1', '8.8.8.8']],
    ['nothing', []],
    ['no address', ['localhost']],
  ])('that resolve to %s are blocked', async (_name, addresses) => {
    const listener = await serveTcp(() => undefined, '::');
    const { fail } = transportKit([], { wire: wireWith(answersWith(...addresses)) });
    const error = await fail(`https://localhost:${listener.port}/`, { hosts: [`localhost:${listener.port}`] });
    expect(error).toMatchObject({ kind: 'configuration', code: 'egress_blocked' });
    expect(listener.connections()).toBe(0);
  });

  it('are judged anew for each socket, by the very answer that the socket uses', async () => {
    const listener = await serveTcp((socket) => socket.end(), '::');
    const host = `localhost:${listener.port}`;
    const answers = ['127.0.0.2', '127.0.0.1'];
    const rebinding: Lookup = (...args) => answersWith(answers.shift() ?? '')(...args);
    const allow = [{ host, cidr: '127.0.0.2/32' }];
    const { fail } = transportKit([], { wire: wireWith(rebinding), egress: { allow }, limits: { maxTries: 1 } });
    // Allowed, connected, and no TLS there.
    expect(await fail(`https://${host}/`, { hosts: [host] })).toMatchObject({ code: 'unreachable' });
    expect(listener.connections()).toBe(1);
    expect(await fail(`https://${host}/`, { hosts: [host] })).toMatchObject({ code: 'egress_blocked' });
    expect(listener.connections()).toBe(1);
    expect(answers).toEqual([]);
  });

  it('whose socket ends elsewhere are cut off before a byte is sent', async () => {
    const listener = await serveTcp(() => undefined);
    const lying = guardConnector((_options, callback) => {
      const socket = connect(listener.port, '127.0.0.1', () => callback(null, socket));
    }, []);
    const error = await new Promise((resolve) => {
      const options = { hostname: 'public.example', protocol: 'https:', port: String(listener.port) };
      lying(options, (...[failure]) => resolve(failure));
    });
    expect(isPlugboardError(error) && error.code).toBe('egress_blocked');
    await listener.untilIdle();
    expect(listener.connections()).toBe(1);
    expect(listener.received()).toBe(0);
  });

  it('that do not resolve are unsent, not blocked', async () => {
    const lookup: Lookup = (_hostname, _options, callback) => {
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND canary'), { code: 'ENOTFOUND' }), []);
    };
    const { fail } = transportKit([], { wire: wireWith(lookup), limits: { maxTries: 1 } });
    const error = await fail('https://localhost/', { method: 'POST', repeat: 'never' });
    expect(error).toMatchObject({ kind: 'network', code: 'unreachable', retryable: true });
    expect(String(error.cause)).toBe('Error: Error (ENOTFOUND)');
  });
});

describe('F10 exceptions', () => {
  it('hold for their organization, and are logged once', async () => {
    const listener = await serveTcp((socket) => socket.end());
    const host = `localhost:${listener.port}`;
    const lines: object[] = [];
    const log = { info: (fields: object) => lines.push(fields), warn: () => undefined, error: () => undefined } as Log;
    const allow = [{ organizationId: 'org-a', host, cidr: '127.0.0.0/8' }];
    const wire = wireWith(answersWith('127.0.0.1'));
    const { fail } = transportKit([], { wire, log, egress: { allow }, limits: { maxTries: 1 } });
    const call = (organizationId?: string) => {
      return fail(`https://${host}/`, { hosts: ['localhost'], ...(organizationId && { organizationId }) });
    };
    // The listener speaks no TLS, which is as far as this has to go.
    expect(await call('org-a')).toMatchObject({ code: 'unreachable' });
    expect(await call('org-a')).toMatchObject({ code: 'unreachable' });
    expect(listener.connections()).toBe(2);
    expect(await call('org-b')).toMatchObject({ code: 'port_not_allowed' });
    expect(await call()).toMatchObject({ code: 'port_not_allowed' });
    const declared = { hosts: [host], organizationId: 'org-b' };
    expect(await fail(`https://${host}/`, declared)).toMatchObject({ code: 'egress_blocked' });
    expect(listener.connections()).toBe(2);
    expect(lines).toEqual([{ provider: 'acme', organizationId: 'org-a', host, addresses: ['127.0.0.0/8'] }]);
  });

  it('are logged once each, however many organizations use one', async () => {
    const server = await serveHttp((_request, response) => response.end('inside'));
    const { host } = new URL(server.origin);
    const lines: object[] = [];
    const log = { info: (fields: object) => lines.push(fields), warn: () => undefined, error: () => undefined } as Log;
    const { send } = transportKit([server.origin], { log });
    for (let tenant = 1; tenant <= 3; tenant++) await send(server.origin, { organizationId: `org-${tenant}` });
    expect(lines).toEqual([{ provider: 'acme', organizationId: 'org-1', host, addresses: 'any' }]);
  });

  it('open no wider block than they name', async () => {
    const listener = await serveTcp((socket) => socket.end());
    const host = `localhost:${listener.port}`;
    const allow = [{ organizationId: 'org-a', host, cidr: '10.0.0.0/8' }];
    const { fail } = transportKit([], { wire: wireWith(answersWith('127.0.0.1')), egress: { allow } });
    const error = await fail(`https://${host}/`, { hosts: ['localhost'], organizationId: 'org-a' });
    expect(error).toMatchObject({ code: 'egress_blocked' });
    expect(listener.connections()).toBe(0);
  });

  it('share no socket with calls that have none', async () => {
    const server = await serveHttp((_request, response) => response.end('inside'));
    const wire = createUndiciWire();
    onTestFinished(async () => wire.close?.());
    const exchange = {
      method: 'GET',
      url: new URL(server.origin),
      headers: new Headers(),
      signal: new AbortController().signal,
    };
    const { body } = await wire({ ...exchange, addresses: ['127.0.0.0/8'] });
    for await (const chunk of body) expect(Buffer.from(chunk).toString()).toBe('inside');
    expect(server.openSockets()).toBe(1);
    await expect(wire(exchange)).rejects.toMatchObject({ code: 'egress_blocked' });
    expect(server.requests).toHaveLength(1);
  });
});
