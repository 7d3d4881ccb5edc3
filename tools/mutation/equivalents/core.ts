/** Of addresses, the transport, the vault and tokens. */
import { shortcut, returnsNothing, type Equivalent } from './equivalent.ts';

const errorGiven = 'Whoever is called back with an error does not look at the addresses.';
const place = 'Says only which result makes way for which: all of a context is compared before one is used.';
const samePlace = 'Two contexts in one place differ in purpose and connection id, or in neither.';

export const ofCore: readonly Equivalent[] = [
  {
    file: 'auth/client-assertion.ts',
    code: 'keyId !== undefined',
    as: ['true'],
    why: 'JSON leaves out what is undefined.',
  },
  {
    file: 'auth/jwt.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is base64url of JSON.',
  },
  { file: 'auth/jwt.ts', code: '{ return undefined; }', as: ['{}'], why: returnsNothing },
  { file: 'auth/jwt.ts', code: 'only === undefined', as: ['false'], why: 'A key of nothing fits no algorithm.' },
  { file: 'auth/jwt.ts', code: '[]', as: ['["Stryker was here"]'], why: 'One part is as wrong as none.' },
  {
    file: 'host-name.ts',
    code: 'port !== undefined',
    as: ['true'],
    why: 'A port that is not there is below no number.',
  },
  {
    file: 'host-name.ts',
    code: '/:(\\d+)$/',
    as: ['/:(\\d+)/'],
    why: 'The grammar above lets no colon but that of the port through.',
  },
  { file: 'hosts.ts', code: 'tenantHosts === undefined && !discovers', as: ['false'], why: shortcut },
  {
    file: 'hosts.ts',
    code: 'definition.tenantHosts === undefined && Object.keys(discoveredOf(source.input)).length === 0',
    as: ['false'],
    why: shortcut,
  },
  {
    file: 'transport/addresses.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  {
    file: 'transport/addresses.ts',
    code: 'deniedIpv4.every((block) => !address.match(block))',
    as: ['deniedIpv4.some(block => !address.match(block))'],
    why: 'The list has one entry.',
  },
  { file: 'transport/guarded-connector.ts', code: '[]', as: ['["Stryker was here"]'], why: errorGiven },
  {
    file: 'transport/guarded-connector.ts',
    code: "'closed'",
    why: 'The message is replaced by that of a connection that failed.',
  },
  {
    file: 'url.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'No text at all is as little an address or a number as this one.',
  },
  { file: 'url.ts', code: "!pattern.includes(':')", as: ['false'], why: shortcut },
  { file: 'url.ts', code: "':'", as: ['""'], why: shortcut },
  {
    file: 'url.ts',
    code: '/^[^.]+(?:\\.[^.]+)*$/',
    as: ['/^[^.](?:\\.[^.]+)*$/', '/^[^.]+(?:\\.[^.]+)$/', '/^[^.]+(?:\\.[^.])*$/'],
    why: shortcut,
  },
  { file: 'url.ts', code: 'origins.size === 0 && entries.size === 0', as: ['false'], why: shortcut },
  {
    file: 'url.ts',
    code: '/^(.*[^:]):(\\d{1,5})$/',
    as: ['/(.*[^:]):(\\d{1,5})$/'],
    why: 'The longest match begins at the first character.',
  },
  {
    file: 'vault/create-vault.ts',
    code: 'onKeyBudget?.({ keyId: primaryKeyId, seals: warnAfterSeals })',
    as: ['onKeyBudget({ keyId: primaryKeyId, seals: warnAfterSeals })'],
    why: 'What a listener throws is dropped, and so is that there is none.',
  },
  {
    file: 'vault/key-ring.ts',
    code: "'timeout'",
    why: 'Of a cause its name and code survive, never its message.',
  },
  {
    file: 'vault/self-test.ts',
    code: '{ return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  { file: 'vault/create-vault.ts', code: 'root !== undefined', as: ['false'], why: shortcut },
  { file: 'vault/key-ring.ts', code: '(key) => loaded.set(keyId, key)', as: ['() => undefined'], why: shortcut },
  { file: 'vault/key-ring.ts', code: '(keyId) => loaded.get(keyId)', as: ['() => undefined'], why: shortcut },
  {
    file: 'vault/format.ts',
    code: 'at < sealed.length',
    as: ['at <= sealed.length', 'true'],
    why: 'What lies behind the end is no letter of an id.',
  },
  { file: 'vault/status.ts', code: 'payload !== null', as: ['true'], why: 'What is no sealed value is under no key.' },
  { file: 'vault/subkey-cache.ts', code: '`${purpose} ${connectionId}`', as: ['``'], why: place },
  {
    file: 'vault/subkey-cache.ts',
    code: "purpose === 'credentials'",
    as: ['true', 'false', "purpose !== 'credentials'"],
    why: place,
  },
  { file: 'vault/subkey-cache.ts', code: "'credentials'", as: ['""'], why: place },
  { file: 'vault/subkey-cache.ts', code: 'kept.purpose === context.purpose', as: ['true'], why: samePlace },
  { file: 'vault/subkey-cache.ts', code: 'kept.connectionId === context.connectionId', as: ['true'], why: samePlace },
  { file: 'transport/fetch-wire.ts', code: "''", as: ['"Stryker was here!"'], why: 'Neither is an address.' },
  { file: 'url.ts', code: 'pattern === url.hostname && wholeLabels.test(pattern)', as: ['false'], why: shortcut },
  {
    file: 'host-name.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'What is asked is whether a dot is left, and neither text has one.',
  },
  {
    file: 'auth/sign-jwt.ts',
    code: 'false',
    as: ['true'],
    why: 'Whether the key could be taken out of WebCrypto again: nobody has it.',
  },
  {
    file: 'auth/sign-jwt.ts',
    code: "'\\n'",
    as: ['""'],
    why: 'White space within the text is dropped before it is read.',
  },
  { file: 'auth/sign-jwt.ts', code: "''", as: ['"Stryker was here!"'], why: 'Without a label nothing is read.' },
  { file: 'auth/sign-jwt.ts', code: '[]', as: ['["Stryker was here"]'], why: 'A text of one part has no label.' },
  { file: 'auth/sign-jwt.ts', code: 'label === undefined', as: ['false'], why: 'No bytes are no key.' },
];
