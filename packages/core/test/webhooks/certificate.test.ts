import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { crc32 as crc32OfNode } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { crc32 } from '../../src/bytes.ts';
import { exampleRsaPem } from '../../src/example-key.ts';
import { PlugboardError } from '../../src/errors.ts';
import { createAnswer } from '../../src/transport/answer.ts';
import { classifyByStatus } from '../../src/transport/classify.ts';
import { certificateKeys, readCertificate } from '../../src/webhooks/certificate.ts';
import { createKeyCache } from '../../src/webhooks/key-cache.ts';

const key = createPrivateKey(exampleRsaPem);
const now = Date.UTC(2026, 0, 1);
const url = 'https://keys.example/cert';

interface Facts {
  readonly name?: string;
  readonly from?: string;
  /** Null leaves it out. */
  readonly until?: string | null;
  readonly version?: 1 | 3;
  readonly key?: KeyObject;
  /** Attributes of the names, instead of a country and `name`. */
  readonly attributes?: readonly Uint8Array[];
  /** Which parts of the signed content are left, by their place. */
  readonly keeps?: (place: number) => boolean;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** A self-signed certificate, as PEM. */
function certificate({
  name = 'signer.example',
  from,
  until,
  version = 3,
  key: own = key,
  attributes,
  keeps = () => true,
}: Facts = {}): string {
  const algorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
  const attribute = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)));
  const country = der(0x30, Buffer.from('0603550406', 'hex'), der(0x13, Buffer.from('US')));
  const subject = der(0x30, ...(attributes ?? [country, attribute]).map((one) => der(0x31, one)));
  const time = (text: string) => der(text.length === 13 ? 0x17 : 0x18, Buffer.from(text));
  const validity = der(
    0x30,
    time(from ?? '250101000000Z'),
    ...(until === null ? [] : [time(until ?? '20991231235959Z')]),
  );
  const published = createPublicKey(own).export({ type: 'spki', format: 'der' });
  const head = version === 1 ? [] : [der(0xa0, der(2, Buffer.from([2])))];
  const parts = [...head, der(2, Buffer.from([1])), algorithm, subject, validity, subject, published];
  const signed = der(0x30, ...parts.filter((_part, place) => keeps(place)));
  const whole = der(0x30, signed, algorithm, der(3, Buffer.from([0]), sign('sha256', signed, own)));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** What a cache finds at the address. */
function find(pem: string | PlugboardError, at = now, subject = /^signer\.example$/) {
  const request = async () => {
    if (typeof pem !== 'string') throw pem;
    return Promise.resolve(createAnswer({ status: 200, headers: new Headers() }, new TextEncoder().encode(pem)));
  };
  return createKeyCache().find(certificateKeys(subject), url, at, { app: {}, request });
}

describe('readCertificate', () => {
  test.each<Facts>([
    {},
    { version: 1 },
    { from: '991231235959Z', until: '491231235959Z' },
    { name: 'Ä'.repeat(60) },
    { key: generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey },
  ])('reads what node:crypto reads: %j', (facts) => {
    const pem = certificate(facts);
    const theirs = new X509Certificate(pem);
    expect(theirs.verify(theirs.publicKey)).toBe(true);
    const ours = readCertificate(`Some words before it.\n${pem}${certificate({ name: 'second' })}`)!;
    expect(theirs.subject).toContain(`CN=${ours.subject}`);
    expect([ours.notBefore.getTime(), ours.notAfter.getTime()]).toEqual([
      Date.parse(theirs.validFrom),
      Date.parse(theirs.validTo),
    ]);
    expect(Buffer.from(ours.publicKey)).toEqual(theirs.publicKey.export({ type: 'spki', format: 'der' }));
  });

  test('answers undefined for whatever is no certificate, however it is cut', () => {
    const bytes = Buffer.from(certificate().replaceAll(/-----.*-----|\s/g, ''), 'base64');
    for (const text of ['', '<html>', certificate().replace('MII', '!!!')])
      expect(readCertificate(text)).toBeUndefined();
    for (let length = 0; length < bytes.length; length += 7) {
      const cut = bytes.subarray(0, length).toString('base64');
      expect(readCertificate(`-----BEGIN CERTIFICATE-----${cut}-----END CERTIFICATE-----`)).toBeUndefined();
    }
  });
});

describe('a certificate that is odd inside', () => {
  test.each<[string, Facts]>([
    ['whose begin is no time', { from: 'soon' }],
    ['whose end is no time', { until: 'later' }],
    ['with something before its end', { until: '120991231235959Z' }],
    ['with something behind its end', { until: '20991231235959Z1' }],
    ['whose begin is no text', { from: '\u0000' }],
    ['that names no end', { until: null }],
    ['without a key', { keeps: (place) => place < 6 }],
    ['without times', { keeps: (place) => place < 4 }],
    ['that is empty', { keeps: () => false }],
  ])('%s is none', (_what, facts) => expect(readCertificate(certificate(facts))).toBeUndefined());

  const oid = Buffer.from('0603550403', 'hex');
  test.each<[string, readonly Uint8Array[], string]>([
    ['no attributes', [], ''],
    ['an empty attribute', [der(0x30)], ''],
    ['a name without a value', [der(0x30, oid)], ''],
    ['a name that is no UTF-8', [der(0x30, oid, der(0x0c, Buffer.from([0xff])))], ''],
    ['no name', [der(0x30, Buffer.from('0603550406', 'hex'), der(0x13, Buffer.from('US')))], ''],
    ['a name behind odd ones', [der(0x30), der(0x30, oid, der(0x0c, Buffer.from('a')))], 'a'],
    ['two names', ['a', 'b'].map((text) => der(0x30, oid, der(0x0c, Buffer.from(text)))), 'a'],
  ])('with %s has one subject at most', (_what, attributes, subject) => {
    expect(readCertificate(certificate({ attributes }))?.subject).toBe(subject);
  });
});

describe('certificateKeys', () => {
  test('asks for the address that is the id, and tells a mistake from an answer', async () => {
    const asked: unknown[] = [];
    const request = async (input: object) => {
      asked.push(input);
      throw Object.assign(new TypeError('broken'), { kind: 'not_found' });
    };
    const found = createKeyCache().find(certificateKeys(/./), url, now, { app: {}, request } as never);
    await expect(found).rejects.toThrow('broken');
    expect(asked).toEqual([{ method: 'GET', url, classify: classifyByStatus }]);
  });

  test('brings a key that verifies', async () => {
    const found = await find(certificate());
    if (typeof found === 'string') return expect.unreachable(found);
    const message = Buffer.from('message');
    const signature = sign('sha256', message, key);
    expect(await crypto.subtle.verify('RSASSA-PKCS1-v1_5', found, signature, message)).toBe(true);
  });

  test.each([
    ['of another name', certificate({ name: 'signer.example.evil' })],
    ['that has ended', certificate({ until: '251231235959Z' })],
    ['that has not begun', certificate({ from: '260101000001Z' })],
    ['with a short key', certificate({ key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey })],
    ['with a key of another kind', certificate({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey })],
    ['that is none', '<html>'],
    ['that is not there', new PlugboardError({ kind: 'not_found', code: 'not_found', message: 'gone' })],
  ])('knows no certificate %s', async (_what, pem) => {
    expect(await find(pem)).toBe('unknown');
  });

  test('does not take an outage for an answer', async () => {
    const down = new PlugboardError({ kind: 'unavailable', code: 'down', message: 'down' });
    expect(await find(down)).toBe('unavailable');
  });
});

test('CRC-32 is that of zlib', () => {
  for (const text of ['', 'a', '123456789', 'ü€', 'x'.repeat(5000)]) {
    expect(crc32(new TextEncoder().encode(text))).toBe(crc32OfNode(text));
  }
});
