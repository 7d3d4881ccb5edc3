/** Changes of security code that no caller could notice, each with its reason. Whatever else survives is owed a test. */
export interface Equivalent {
  /** Below packages/core/src. */
  readonly file: string;
  /** What is changed, on one line; over 120 characters it ends in dots after 117. */
  readonly code: string;
  /** What it is changed to. Absent: whatever it is changed to. */
  readonly as?: readonly string[];
  readonly why: string;
}

const shortcut = 'Only spares work: the longer way has the same outcome.';
const absent = 'An option that is given as undefined is one that is not given.';
const bothVerify = 'Both ways have one outcome; node:crypto is quicker, and does not warn.';
const unset = 'What is not there is neither more nor later than anything.';
const neverAsked = 'Whoever asks for a refresh has seen that there is one; this tells the compiler.';
const returnsNothing = 'A function that returns nothing returns undefined.';
const joined =
  'The bytes are the same wherever they are joined: this decides what memory is kept for the next delivery.';
const idUnset = 'An id that is undefined is one that is not there: the verdict leaves it out.';
const errorGiven = 'Whoever is called back with an error does not look at the addresses.';

const scheduler = 'connections/refresh-scheduler.ts';
const bySize =
  'A test with thousands of connections notices, which is too long for each mutant: refresh-crowds.test.ts.';

export const equivalents: readonly Equivalent[] = [
  {
    file: scheduler,
    code: '{ // What cannot be opened is told by the refresh itself. return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  { file: scheduler, code: '[]', as: ['["Stryker was here"]'], why: 'Nobody reads the answer to no writes.' },
  {
    file: scheduler,
    code: '!done',
    as: ['true'],
    why: 'Results are written 150 ms earlier or later, by the writer’s own time.',
  },
  {
    file: scheduler,
    code: 'methods.every((method) => needsLock(method))',
    as: ['methods.some(method => needsLock(method))'],
    why: 'Says only how many go at once: more than there are locks wait for one, and are served in turn.',
  },
  { file: scheduler, code: '() => false', as: ['() => undefined'], why: 'Either is as false.' },
  {
    file: scheduler,
    code: 'row.version + 1',
    as: ['row.version - 1'],
    why: 'Whoever writes by a version that is not that of the row reads it once more.',
  },
  {
    file: scheduler,
    code: '{ hadUnknown }',
    as: ['{}'],
    why: 'What is not told is found out anew, by the mark that the row had before.',
  },
  { file: scheduler, code: '{ dry: false, probing: false }', as: ['{}'], why: 'What is not set is as false.' },
  {
    file: scheduler,
    code: 'false',
    as: ['true'],
    why: 'Set by the first claim, before which nothing is in the queue.',
  },
  {
    file: scheduler,
    code: '--open === 0',
    as: ['true'],
    why: bySize,
  },
  {
    file: scheduler,
    code: 'settle();',
    as: [';'],
    why: 'Results are written 150 ms later at most, by the writer’s own time.',
  },
  {
    file: scheduler,
    code: 'true',
    as: ['false'],
    why: 'Results are written 150 ms earlier or later, by the writer’s own time.',
  },
  { file: scheduler, code: 'state.probing || !breakers.holds(runtime)', as: ['true'], why: bySize },
  { file: scheduler, code: 'writing.delete(done);', as: [';'], why: bySize },
  { file: scheduler, code: 'room ??= Promise.withResolvers<void>()', why: bySize },
  { file: scheduler, code: 'writing.size >= mostUnwritten', as: ['false'], why: bySize },
  {
    file: scheduler,
    code: 'writing.size >= mostUnwritten',
    as: ['writing.size > mostUnwritten'],
    why: 'One more or less.',
  },
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
  { file: 'hosts.ts', code: 'tenantHosts === undefined && !discovers', as: ['false'], why: shortcut },
  {
    file: 'hosts.ts',
    code: 'definition.tenantHosts === undefined && Object.keys(discoveredOf(source.input)).length === 0',
    as: ['false'],
    why: shortcut,
  },
  { file: 'url.ts', code: 'origins.size === 0 && entries.size === 0', as: ['false'], why: shortcut },
  {
    file: 'url.ts',
    code: '/^(.*[^:]):(\\d{1,5})$/',
    as: ['/(.*[^:]):(\\d{1,5})$/'],
    why: 'The longest match begins at the first character.',
  },
  { file: 'transport/guarded-connector.ts', code: '[]', as: ['["Stryker was here"]'], why: errorGiven },
  {
    file: 'transport/guarded-connector.ts',
    code: "'closed'",
    why: 'The message is replaced by that of a connection that failed.',
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
  {
    file: 'connections/state.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'The pattern has all of its groups, and no text at all is as little a state as this one.',
  },
  {
    file: 'connections/outage.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is a reason of the list.',
  },
  {
    file: 'connections/outage.ts',
    code: 'now === undefined',
    as: ['false'],
    why: 'The store keeps JSON, which leaves out what is undefined.',
  },
  {
    file: 'connections/provider-breaker.ts',
    code: "'vendor_outage'",
    why: 'Nobody is told: an outage holds back work in bulk alone, and only a refusal of the app is thrown.',
  },
  {
    file: 'webhooks/ed25519-signature.ts',
    code: 'timestamp !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/hmac-signature.ts',
    code: 'options.timestamp !== undefined',
    as: ['true'],
    why: absent,
  },
  {
    file: 'webhooks/standard-webhooks.ts',
    code: 'toleranceSeconds !== undefined',
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
    file: 'webhooks/standard-webhooks.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'A text of 16 characters is no signature either.',
  },
  { file: 'webhooks/signed-header.ts', code: 'deliveryId === undefined', as: ['false'], why: idUnset },
  { file: 'webhooks/static-token.ts', code: 'deliveryId === undefined', as: ['false'], why: idUnset },
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
  {
    file: 'webhooks/standard-webhooks.ts',
    code: "'public'",
    why: 'Whatever is not symmetric is a public key.',
  },
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
    file: 'auth/jwt.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is base64url of JSON.',
  },
  { file: 'auth/jwt.ts', code: '{ return undefined; }', as: ['{}'], why: returnsNothing },
  { file: 'auth/jwt.ts', code: 'only === undefined', as: ['false'], why: 'A key of nothing fits no algorithm.' },
  { file: 'auth/jwt.ts', code: '[]', as: ['["Stryker was here"]'], why: 'One part is as wrong as none.' },
  {
    file: 'auth/client-assertion.ts',
    code: 'keyId !== undefined',
    as: ['true'],
    why: 'JSON leaves out what is undefined.',
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
    file: 'connections/refresh-facts.ts',
    code: 'kind === undefined',
    as: ['false'],
    why: 'What is of no kind is no outage.',
  },
  { file: 'connections/refresh-outcome.ts', code: 'sinceMs !== undefined', as: ['true'], why: unset },
  { file: 'connections/refresh-outcome.ts', code: 'row.leaseUntil !== null', as: ['true'], why: unset },
  { file: 'connections/refresh-outcome.ts', code: 'row.refreshAt !== null', as: ['true'], why: unset },
  {
    file: 'connections/refresh-outcome.ts',
    code: 'announce !== undefined',
    as: ['true'],
    why: 'A promise passes over what is no function.',
  },
  {
    file: 'connections/refresh-outcome.ts',
    code: '() => telling.delete(told)',
    as: ['() => undefined'],
    why: 'What has settled is waited for no longer than what is not there; it takes memory alone.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'grant.metadata === undefined',
    as: ['false'],
    why: 'Without new facts those that are merged are the row’s own.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: "!recovered && !events.heard('connection.refreshed')",
    as: ['false'],
    why: shortcut,
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'version + 1',
    as: ['version - 1'],
    why: 'Who shares a refresh of the job looks at the credentials and their version alone.',
  },
  {
    file: 'connections/refresh-attempt.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'What the store refuses is dropped, as nothing is.',
  },
  { file: 'connections/refresh-attempt.ts', code: 'keyId === undefined', as: ['false'], why: 'No key is named that.' },
  {
    file: 'connections/refresh-call.ts',
    code: '!callsVendor(method)',
    as: ['false'],
    why: neverAsked,
  },
  {
    file: 'connections/refresh-call.ts',
    code: "{ throw configurationError( 'not_refreshable', `\\`${row.method}\\` has no refresh.`, 'Connect again when its credentia...",
    as: ['{}'],
    why: neverAsked,
  },
  { file: 'connections/refresh-call.ts', code: "'not_refreshable'", why: neverAsked },
  {
    file: 'connections/refresh-now.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'That it is there is looked at, and not what it is.',
  },
  { file: 'connections/refresh.ts', code: '++writes', as: ['--writes'], why: 'Either way no two are the same.' },
  {
    file: 'connections/refresh.ts',
    code: 'row.leaseUntil === null',
    as: ['false'],
    why: 'To a comparison null is a time before all others.',
  },
  {
    file: 'connections/refresh.ts',
    code: 'running ?? Promise.reject(stoppingError(runtime))',
    as: ['running && Promise.reject(stoppingError(runtime))'],
    why: 'The job asks nothing of a claim that was given back.',
  },
  {
    file: 'connections/refresh.ts',
    code: '{ credentialsVersion }',
    as: ['{}'],
    why: 'Whoever writes looks at the version of the whole row as well.',
  },
  {
    file: 'connections/refresh.ts',
    code: 'claim.marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, seen))',
    as: ['claim.marked?.hadUnknown && (await isSameAttempt(engine, runtime, seen))'],
    why: 'Under the lock the row carries the mark of this very attempt by then.',
  },
  { file: 'connections/refresh.ts', code: '{ sent: false }', as: ['{}'], why: 'What is not there is as false.' },
  {
    file: 'connections/refresh.ts',
    code: 'row.credentials === null',
    as: ['false'],
    why: 'Whoever takes the credentials away changes their version.',
  },
  {
    file: 'connections/refresh.ts',
    code: '{ ...received, update }',
    as: ['{}'],
    why: 'Then it is stored as when the lock went down: by its version.',
  },
  {
    file: 'connections/refresh.ts',
    code: '!progress.sent',
    as: ['true'],
    why: 'What was sent has changed the row, and is given back already.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'warning !== undefined',
    as: ['true'],
    why: 'A line without words is not written.',
  },
  { file: 'connections/refresh-call.ts', code: "'safe'", why: 'Whatever is not `never` may be repeated.' },
  {
    file: 'connections/refresh.ts',
    code: 'connections.lock?.(organizationId, id, async (row, update): Promise<Settled> => { const readAt = engine.clock.monoton...',
    why: 'Whoever takes this way has seen that there is a lock.',
  },
];
