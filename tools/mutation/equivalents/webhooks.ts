/** Of deliveries and the keys that judge them. */
import { shortcut, returnsNothing, type Equivalent } from './equivalent.ts';

const absent = 'An option that is given as undefined is one that is not given.';
const bothVerify = 'Both ways have one outcome; node:crypto is quicker, and does not warn.';
const joined =
  'The bytes are the same wherever they are joined: this decides what memory is kept for the next delivery.';
const idUnset = 'An id that is undefined is one that is not there: the verdict leaves it out.';
const ended = 'A key that has ended is refused whenever it is used, and of too many the oldest go first.';
const jsonAlone = 'What reads JSON throws nothing else.';

export const ofWebhooks: readonly Equivalent[] = [
  {
    file: 'webhooks/certificate.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'What is no text is no time, whatever stands for it.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: "'one'",
    why: 'Whatever is no set is asked for one by one.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'A text is no key, and nothing is in it.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: 'jwk === undefined',
    as: ['false'],
    why: 'A key that is not there fits no algorithm.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  {
    file: 'webhooks/certificate.ts',
    code: 'subject?.content',
    as: ['subject.content'],
    why: 'Where there is a key, there is a subject before it.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: 'first > 0x80',
    as: ['first >= 0x80'],
    why: 'A length of 0 bytes is none.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: "text < '50'",
    as: ["text <= '50'"],
    why: 'No time is as short as the two digits.',
  },
  {
    file: 'webhooks/certificate.ts',
    code: '/^(\\d{4})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z$/',
    as: [
      '/(\\d{4})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z$/',
      '/^(\\d{4})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z/',
    ],
    why: 'With a text before or after it, what is put together is no date either.',
  },
  {
    file: 'webhooks/ed25519-signature.ts',
    code: 'timestamp !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/ed25519.ts',
    code: 'node !== undefined',
    as: ['false'],
    why: bothVerify,
  },
  {
    file: 'webhooks/ed25519.ts',
    code: '{ let parsed: KeyObject | undefined; const join = joinInPlace(); return (parts, signatures) => { const key = (parsed ...',
    as: ['{}'],
    why: bothVerify,
  },
  {
    file: 'webhooks/ed25519.ts',
    code: "typeof part === 'string'",
    as: ['true'],
    why: 'Asks for three times the room that bytes take, and too much is as good as enough.',
  },
  {
    file: 'webhooks/ed25519.ts',
    code: 'room > mostKeptBytes',
    as: ['true', 'false', 'room >= mostKeptBytes', 'room <= mostKeptBytes'],
    why: joined,
  },
  { file: 'webhooks/ed25519.ts', code: 'kept.length < room', as: ['true', 'kept.length <= room'], why: joined },
  { file: 'webhooks/ed25519.ts', code: '128 * 1024', as: ['128 / 1024'], why: joined },
  {
    file: 'webhooks/ed25519.ts',
    code: "{ return new Uint8Array(node.sign(null, data, { key: asBuffer(der), format: 'der', type: 'pkcs8' })); }",
    as: ['{}'],
    why: bothVerify,
  },
  {
    file: 'webhooks/ed25519.ts',
    code: 'false',
    as: ['true'],
    why: 'Whether the key could be taken out of WebCrypto again: nobody has it.',
  },
  {
    file: 'webhooks/hmac-signature.ts',
    code: 'options.timestamp !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/jwt-signature.ts',
    code: 'toleranceSeconds !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/jwt-signature.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is a token.',
  },
  {
    file: 'webhooks/jwt-signature.ts',
    code: "key === 'unknown'",
    as: ['false'],
    why: 'Nothing can be verified with that text for a key, and the reason is the same.',
  },
  {
    file: 'webhooks/jwt-signature.ts',
    code: "'unknown'",
    why: 'Nothing can be verified with that text for a key, and the reason is the same.',
  },
  {
    file: 'webhooks/jwt-signature.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  {
    file: 'webhooks/key-cache.ts',
    code: "error.code !== 'package_missing'",
    as: ['true'],
    why: 'A test with a process of its own notices: missing-packages.int.test.ts.',
  },
  {
    file: 'webhooks/key-cache.ts',
    code: "'package_missing'",
    as: ['""'],
    why: 'A test with a process of its own notices: missing-packages.int.test.ts.',
  },
  {
    file: 'webhooks/key-cache.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Any text does for what has no name, as long as it is always the same.',
  },
  {
    file: 'webhooks/key-cache.ts',
    code: 'key !== undefined',
    as: ['true'],
    why: 'A key that is kept as undefined is as unknown as one that is not kept.',
  },
  {
    file: 'webhooks/mac.ts',
    code: 'node === undefined',
    as: ['true'],
    why: bothVerify,
  },
  {
    file: 'webhooks/scheme.ts',
    code: 'key !== undefined',
    as: ['true'],
    why: 'What is kept as undefined is looked for again, as what is not kept.',
  },
  {
    file: 'webhooks/scheme.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'An id that is not there is not too long, whatever stands for it.',
  },
  {
    file: 'webhooks/scheme.ts',
    code: 'index < keys.length',
    as: ['index <= keys.length'],
    why: 'Behind the last key there is none, which matches nothing.',
  },
  {
    file: 'webhooks/scheme.ts',
    code: 'matched === true',
    as: ['false'],
    why: shortcut,
  },
  {
    file: 'webhooks/scheme.ts',
    code: 'matched !== false',
    as: ['true'],
    why: shortcut,
  },
  {
    file: 'webhooks/scheme.ts',
    code: 'false',
    as: ['true'],
    why: shortcut,
  },
  { file: 'webhooks/signed-header.ts', code: 'deliveryId === undefined', as: ['false'], why: idUnset },
  {
    file: 'webhooks/standard-webhooks.ts',
    code: 'toleranceSeconds !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/standard-webhooks.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'A text of 16 characters is no signature either.',
  },
  {
    file: 'webhooks/standard-webhooks.ts',
    code: "'public'",
    why: 'Whatever is not symmetric is a public key.',
  },
  { file: 'webhooks/static-token.ts', code: 'deliveryId === undefined', as: ['false'], why: idUnset },
  {
    file: 'webhooks/static-token.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'A token signs nothing: the content is not looked at.',
  },
  {
    file: 'webhooks/static-token.ts',
    code: 'signatures.some((token) => equalText(token, expected))',
    as: ['signatures.every(token => equalText(token, expected))'],
    why: 'There is one token.',
  },
  {
    file: 'webhooks/address.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Stands for what is not there: neither text is an address, and of no row there is a key.',
  },
  {
    file: 'webhooks/address.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'A text is no address, and no key of a row.',
  },
  { file: 'webhooks/address.ts', code: 'row === null', as: ['false'], why: 'Of no row there is a key.' },
  {
    file: 'webhooks/address.ts',
    code: 'webhookKeysOf(row) .filter(({ until }) => until === null || until > now)',
    as: ['webhookKeysOf(row)'],
    why: ended,
  },
  { file: 'webhooks/address.ts', code: 'until === null || until > now', as: ['true'], why: ended },
  { file: 'webhooks/address.ts', code: 'until > now', as: ['until >= now'], why: ended },
  {
    file: 'webhooks/address.ts',
    code: '{ if (isPlugboardError(error)) return undefined; throw error; }',
    as: ['{}'],
    why: jsonAlone,
  },
  { file: 'webhooks/address.ts', code: 'isPlugboardError(error)', as: ['true'], why: jsonAlone },
  { file: 'connections/webhook-keys.ts', code: '[]', as: ['["Stryker was here"]'], why: 'A text is no key of a row.' },
  { file: 'previous-secrets.ts', code: "''", as: ['"Stryker was here!"'], why: 'What is there has a text.' },
  {
    file: 'previous-secrets.ts',
    code: 'entry !== undefined',
    as: ['true'],
    why: 'A secret without a text verifies nothing.',
  },
  {
    file: 'previous-secrets.ts',
    code: "typeof name === 'string'",
    as: ['true'],
    why: 'No field is named by a symbol.',
  },
  {
    file: 'webhooks/one-body.ts',
    code: '() => Promise.resolve()',
    as: ['() => undefined'],
    why: 'It is waited for, and undefined is there as soon.',
  },
  { file: 'webhooks/body.ts', code: '{ isUp: false }', as: ['{}'], why: 'What is not there is as false.' },
];
