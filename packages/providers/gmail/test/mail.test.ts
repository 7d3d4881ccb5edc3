import PostalMime, { decodeWords } from 'postal-mime';
import { encodeBase64url, encodeUtf8 } from '@plugboard/core';
import { expect, test } from 'vitest';

import { writeMail, type Mail } from '../src/mail.ts';

const plain: Mail = { from: 'a@example.com', to: 'b@example.com', subject: 'Hi', text: 'Hello' };
const read = (mail: Mail) => PostalMime.parse(writeMail(mail));

test('a plain mail is the one that the vendor’s documentation encodes', () => {
  expect(encodeBase64url(encodeUtf8(writeMail(plain)))).toBe(
    'RnJvbTogYUBleGFtcGxlLmNvbQ0KVG86IGJAZXhhbXBsZS5jb20NClN1YmplY3Q6IEhpDQoNCkhlbGxv',
  );
});

test('an independent reader reads what was written', async () => {
  const mail: Mail = {
    from: 'Jürgen Müller <j@example.com>',
    to: [
      '"Doe, Jane" <jane@example.com>',
      'Plain Name <p@example.com>',
      'bare@example.com',
      'A "B" \\ C <q@example.com>',
    ],
    cc: 'Ünï <u@example.com>',
    bcc: ['x@example.com'],
    replyTo: 'answers@example.com',
    subject: `Grüße 😀 ${'und noch viel mehr '.repeat(12)}`.trim(),
    text: 'Hällo\nWelt\r\nEnde',
    html: '<p>Hällo 😀</p>',
    headers: { 'X-Campaign': 'spring', 'X-Umlaut': 'ü' },
    inReplyTo: '<1@example.com>',
    references: ['<0@example.com>', '<1@example.com>'],
    attachments: [
      { filename: 'report.txt', content: new TextEncoder().encode('x'.repeat(200)), contentType: 'text/plain' },
      { filename: 'Übersicht "1".bin', content: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
    ],
  };
  const found = await read(mail);
  expect(found.from).toMatchObject({ name: 'Jürgen Müller', address: 'j@example.com' });
  expect(found.to?.map(({ name, address }) => [name, address])).toEqual([
    ['Doe, Jane', 'jane@example.com'],
    ['Plain Name', 'p@example.com'],
    ['', 'bare@example.com'],
    ['A "B" \\ C', 'q@example.com'],
  ]);
  expect(found.cc?.[0]).toMatchObject({ name: 'Ünï', address: 'u@example.com' });
  expect(found.bcc?.[0]?.address).toBe('x@example.com');
  expect(found.replyTo?.[0]?.address).toBe('answers@example.com');
  expect(found.subject).toBe(mail.subject);
  expect(found.inReplyTo).toBe('<1@example.com>');
  expect(found.references?.split(/\s+/)).toEqual(['<0@example.com>', '<1@example.com>']);
  expect(found.text?.replaceAll('\r\n', '\n').trimEnd()).toBe('Hällo\nWelt\nEnde');
  expect(found.html?.trimEnd()).toBe('<p>Hällo 😀</p>');
  const custom = Object.fromEntries(found.headers.map(({ key, value }) => [key, decodeWords(value)]));
  expect(custom).toMatchObject({ 'x-campaign': 'spring', 'x-umlaut': 'ü', 'mime-version': '1.0' });
  expect(found.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
    ['report.txt', 'text/plain'],
    ['Übersicht "1".bin', 'application/octet-stream'],
  ]);
  expect(new Uint8Array(found.attachments[1]!.content as ArrayBuffer)).toEqual(mail.attachments![1]!.content);
});

test('every line is short, ends with CR LF and holds ASCII alone', () => {
  const written = writeMail({
    ...plain,
    subject: `${'word '.repeat(300)}end`,
    text: 'é'.repeat(5000),
    headers: { 'X-Long': 'ü'.repeat(900) },
    attachments: [{ filename: 'ä'.repeat(60), content: new Uint8Array(10_000) }],
  });
  expect(written).toMatch(/^[\r\n -~]*$/);
  expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(Math.max(...written.split('\r\n').map((line) => line.length))).toBeLessThan(998);
  expect(written.split('\r\n').filter((line) => line.startsWith(' =?') && line.length > 77)).toEqual([]);
});

/** Small, seeded, the same on every machine (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const rounds = 500;

test(`subjects, names and texts survive, whatever they are made of (${rounds} mails)`, async () => {
  const random = seeded(7);
  const alphabet = Array.from('abc XYZ 0189 =?_.,;:<>"\\()[]@äß漢字😀é\u200b');
  const some = (length: number, from = alphabet) =>
    Array.from({ length: Math.ceil(random() * length) }, () => from[Math.floor(random() * from.length)]!).join('');
  const inNames = alphabet.filter((one) => !'<>"\\'.includes(one));
  for (let round = 0; round < rounds; round++) {
    const subject = some(120).trim().replaceAll(/ +/g, ' ');
    const name = some(40, inNames).trim().replaceAll(/ +/g, ' ');
    const text = some(300);
    const found = await read({ ...plain, from: `${name} <a@example.com>`, subject, text });
    expect([found.subject ?? '', found.from?.name ?? '', found.text?.replace(/\r?\n$/, '') ?? '']).toEqual([
      subject,
      name,
      text,
    ]);
  }
});

const breaks = ['a\r\nBcc: evil@example.com', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b'];
test.each<[string, (text: string) => Partial<Mail>]>([
  ['subject', (subject) => ({ subject })],
  ['from', (text) => ({ from: `${text} <a@example.com>` })],
  ['to', (text) => ({ to: `a@example.com${text}` })],
  ['cc', (text) => ({ cc: ['b@example.com', `${text} <a@example.com>`] })],
  ['inReplyTo', (text) => ({ inReplyTo: `<${text}@example.com>` })],
  ['references', (text) => ({ references: ['<1@example.com>', `<${text}>`] })],
  ['headers', (text) => ({ headers: { [text]: 'x' } })],
  ['xName', (text) => ({ headers: { 'X-Name': text } })],
  ['attachments', (filename) => ({ attachments: [{ filename, content: new Uint8Array(1) }] })],
  [
    'attachments',
    (text) => ({ attachments: [{ filename: 'a', content: new Uint8Array(1), contentType: `text/${text}` }] }),
  ],
])('a line break in %s is refused by name and never written', (path, change) => {
  for (const text of breaks) {
    expect(() => writeMail({ ...plain, ...change(text) }), JSON.stringify(text)).toThrow(
      expect.objectContaining({ code: 'invalid_input', fields: [expect.objectContaining({ path })] }),
    );
  }
});

test.each<[string, Partial<Mail>]>([
  ['no address', { to: 'nobody' }],
  ['two addresses in one', { to: 'a@example.com,b@example.com' }],
  ['an address beyond ASCII', { to: 'jürgen@example.com' }],
  ['a header that is its own member', { headers: { bcc: 'x@example.com' } }],
  ['a header of the content', { headers: { 'Content-Type': 'text/html' } }],
  ['a header without a name', { headers: { '': 'x' } }],
  ['a name with a colon', { headers: { 'X:Y': 'x' } }],
  ['more recipients than the vendor takes', { to: Array.from({ length: 501 }, (_, index) => `${index}@example.com`) }],
])('%s is refused', (_what, change) => {
  expect(() => writeMail({ ...plain, ...change })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
});
