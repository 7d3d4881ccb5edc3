/** The parts of a provider's page, each from one part of the definition; undefined where it declares nothing. */
import type { AnyDefinition, AuthMethod, OAuth2Method, RateLimit, ScopeNeed, WebhookDefinition } from '@plugboard/core';
import { streamsOf } from '@plugboard/core/provider-kit';

import { code, codes, fieldTable, sentence, table } from './docs-table.ts';

type Section = (definition: AnyDefinition) => string | undefined;

const app: Section = ({ id, app: fields = {}, auth }) => {
  const rows = Object.entries(fields).map(([name, field]) => [
    code(name),
    code(field.env),
    field.optional === true ? 'no' : field.set === undefined ? 'yes' : `for ${field.set}`,
    field.secret === true ? 'yes' : '',
    sentence(field.title, field.help),
  ]);
  if (rows.length === 0) return undefined;
  const redirects = Object.values(auth).some(({ kind }) => kind === 'oauth2');
  return paragraphs([
    '## What the host registers',
    table(['Option', 'Environment', 'Required', 'Secret', 'What it is'], rows),
    redirects ? `The redirect URI to register is ${code(`<url of the board>/callback/${id}`)}.` : undefined,
  ]);
};

const connect: Section = ({ auth }) => {
  const methods = Object.entries(auth).map(([name, method]) =>
    paragraphs([`### ${method.title} (${code(name)})`, ...methodParts(method)]),
  );
  return `## Ways to connect\n\n${methods.join('\n\n')}`;
};

function methodParts(method: AuthMethod): (string | undefined)[] {
  if (method.kind === 'oauth2') return oauthParts(method);
  const { credentials, sign, kind } = method;
  const env = 'env' in method ? (method.env ?? {}) : {};
  const fields = fieldTable(credentials, { env });
  const before = kind === 'browser' && method.input !== undefined ? fieldTable(method.input) : undefined;
  const step =
    fields === undefined ? 'A step in the browser.' : 'A step in the browser that hands back the fields below.';
  const facts = [
    kind === 'browser' ? step : undefined,
    kind === 'client_credentials' || kind === 'service_account'
      ? 'Exchanged for short-lived tokens by the engine.'
      : undefined,
    placesOf(sign.places),
    Object.keys(env).length > 0 ? 'From the environment, one set serves every organization without a connection.' : '',
  ];
  return [words(facts), before === undefined ? undefined : `Asked before the step:\n\n${before}`, fields];
}

function oauthParts({ pkce, refresh, revoke, scopes, sign, input }: OAuth2Method): (string | undefined)[] {
  const { ask, known, env } = scopes;
  const rows = [...new Set([...ask, ...Object.keys(known)])].map((scope) => [
    code(scope),
    ask.includes(scope) ? 'yes' : 'no',
    known[scope],
  ]);
  return [
    words([
      `PKCE: ${pkce}. Refresh: ${rotation(refresh)}.`,
      revoke === undefined ? 'The vendor offers no revocation.' : 'Disconnecting revokes the grant at the vendor.',
      placesOf(sign.places),
      env === undefined ? undefined : `${code(env)} or the option ${code('scopes')} names other scopes to ask for.`,
    ]),
    input === undefined ? undefined : `Asked before the redirect:\n\n${fieldTable(input) ?? ''}`,
    rows.length === 0 ? undefined : table(['Scope', 'Asked by default', 'For'], rows),
  ];
}

/** `header:authorization` as words. */
function placesOf(places: readonly string[]): string | undefined {
  if (places.length === 0) return undefined;
  const shown = places.map((place) => {
    const [kind = '', name] = place.split(':');
    return name === undefined ? `the ${kind}` : `the ${kind} ${code(name)}`;
  });
  return `Travels in ${shown.join(' and ')}.`;
}

function rotation(refresh: OAuth2Method['refresh']): string {
  if (refresh === 'none') return 'none';
  if (typeof refresh.rotation === 'object')
    return `rotating refresh token, ${refresh.rotation.graceSeconds} s of grace`;
  const kinds = {
    stable: 'the refresh token stays the same',
    strict: 'each refresh token works once',
    unknown: 'not announced, so each refresh token is used once',
  };
  return kinds[refresh.rotation];
}

const settings: Section = ({ settings: declared }) => {
  if (declared === undefined) return undefined;
  const {
    schema,
    choices = {},
    scopes = {},
  } = declared as {
    schema: unknown;
    choices?: Readonly<Record<string, unknown>>;
    scopes?: Readonly<Record<string, readonly ScopeNeed[]>>;
  };
  const notes = (field: string) =>
    words([
      Object.hasOwn(choices, field) ? 'choices asked at the vendor' : undefined,
      scopes[field] === undefined ? undefined : `needs ${scopesOf(scopes[field])}`,
    ]);
  const fields = fieldTable(schema, { extra: ['Live', notes] });
  return fields === undefined ? undefined : `## Settings of a connection\n\n${fields}`;
};

interface ShownOperation {
  readonly summary: string;
  readonly kind: 'endpoint' | 'operation' | 'stream';
  readonly method?: string;
  readonly path?: string;
  readonly docs?: string;
  readonly scopes?: readonly ScopeNeed[];
  readonly methods?: readonly string[];
  readonly repeat?: string;
  readonly idempotency?: { readonly header: string };
  readonly paging?: object;
  readonly limits?: readonly RateLimit[];
  readonly cost?: number;
}

const operations: Section = ({ id, operations: tree, api }) => {
  const rows = Object.entries(tree).flatMap(([group, members]) =>
    Object.entries(members).map(([name, declared]) => {
      const shown = declared as ShownOperation;
      const call = shown.method === undefined ? 'several calls' : code(`${shown.method} ${shown.path ?? ''}`.trim());
      return [
        code(`${group}.${name}`),
        shown.summary,
        shown.docs === undefined ? call : `[${call}](${shown.docs})`,
        scopesOf(shown.scopes),
        (shown.methods ?? []).map(code).join(' or '),
        shown.paging !== undefined || shown.kind === 'stream' ? 'yes' : '',
        repeatOf(shown),
        words([limitsOf(shown.limits) || undefined, shown.cost === undefined ? undefined : `costs ${shown.cost}`]),
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const columns = ['Operation', 'What it does', 'Vendor', 'Scopes', 'Only by', 'Iterates', 'Sent again', 'Limits'];
  const limits = limitsOf(api.limits);
  return paragraphs([
    '## Operations',
    `Functions of ${code(`board.client('${id}', { organizationId })`)}. Their inputs and answers are types, so an editor completes them.`,
    table(columns, rows),
    '«Sent again» says what happens after an answer that was lost: `safe` is repeated, `keyed` is repeated under the idempotency key of the call, `never` is not.',
    limits === '' ? undefined : `All calls together: ${limits}.`,
  ]);
};

function repeatOf({ kind, method, repeat, idempotency }: ShownOperation): string {
  if (kind !== 'endpoint') return 'as its calls';
  if (idempotency !== undefined) return `keyed: ${code(idempotency.header)}`;
  return repeat ?? (method === 'GET' || method === 'HEAD' ? 'safe' : 'never');
}

/** Scopes that are addresses by their last name: their whole names stand where they are granted. */
function scopesOf(needs: readonly ScopeNeed[] = []): string {
  const named = (scope: string) => code(/^https:\/\/.*\/([^/]+)$/.exec(scope)?.[1] ?? scope);
  return needs.map((need) => [need].flat().map(named).join(' or ')).join(', ');
}

function limitsOf(limits: readonly RateLimit[] = []): string {
  return limits
    .map(({ requests, perMs, per, counts, concurrency }) =>
      words([
        `${requests}${counts === 'units' ? ' units' : ''} in ${perMs % 1000 === 0 ? `${perMs / 1000} s` : `${perMs} ms`}`,
        per === 'app' ? 'for the whole app' : undefined,
        concurrency === undefined ? undefined : `${concurrency} at once`,
      ]),
    )
    .join(', ');
}

const streams: Section = (definition) => {
  const tree = Object.entries(definition.operations).flatMap(([group, members]) =>
    Object.entries(members).map(([name, declared]) => [declared as object, `${group}.${name}`] as const),
  );
  const names = new Map(tree);
  const rows = Object.entries(streamsOf(definition)).map(([name, { summary, endpoint, incremental }]) => [
    code(name),
    summary,
    endpoint === undefined ? '' : code(names.get(endpoint) ?? ''),
    incremental ? 'what changed since' : 'everything again',
  ]);
  if (rows.length === 0) return undefined;
  return `## Streams\n\n${table(['Stream', 'What comes', 'Reads by', 'A later pass reads'], rows)}`;
};

const capabilities: Section = ({ capabilities: declared, sdk }) => {
  const names = Object.keys(declared ?? {});
  return paragraphs([
    names.length === 0 ? undefined : `## Capabilities\n\n${codes(names)}`,
    sdk === undefined
      ? undefined
      : "## Official SDK\n\n`client.sdk()` loads it; its calls go through the board's transport.",
  ]);
};

const webhooks: Section = ({ id, webhooks: declared }) => {
  if (declared === undefined) return undefined;
  const {
    docs,
    verify,
    events,
    ends,
    challenge,
    channels,
    refusals,
    maxBytes,
    rememberDays = 3,
  } = declared as WebhookDefinition;
  const { toleranceSeconds } = verify as { readonly toleranceSeconds?: number };
  // A judgement of the event's content names no types.
  const ending = new Set(typeof ends === 'function' ? [] : (ends ?? []));
  const rows = [...new Set([...Object.keys(events), ...ending])].map((type) => [
    code(type),
    ending.has(type) ? 'ends the connection' : '',
  ]);
  return paragraphs([
    '## Webhooks',
    words([
      `Deliveries go to ${code(`<url of the board>/webhooks/${id}`)}, and are verified as [the vendor describes](${docs}).`,
      toleranceSeconds === undefined ? undefined : `A delivery is believed for ${durationOf(toleranceSeconds)}.`,
      `Each is remembered for ${rememberDays} days, so that a second one does nothing.`,
      refusals?.signature_invalid === undefined ? undefined : `A forged one is answered ${refusals.signature_invalid}.`,
      channels === undefined ? undefined : 'The vendor notifies through channels that the board opens and prolongs.',
      challenge === undefined ? undefined : "The vendor's handshake is answered.",
      maxBytes === undefined ? undefined : `A body may have ${Math.round(maxBytes / 1_048_576)} MB.`,
      typeof ends === 'function' ? 'Some events end the connection, by what they say.' : undefined,
    ]),
    rows.length === 0 ? undefined : table(['Event', 'Effect'], rows),
  ]);
};

function durationOf(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? 'an hour' : `${seconds / 3600} hours`;
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
}

const flags: Section = ({ flags: declared = {} }) => {
  const rows = Object.entries(declared).map(([name, flag]) => [
    code(name),
    flag.default ? 'on' : 'off',
    flag.requiresConnection ? 'yes' : '',
    flag.description,
  ]);
  if (rows.length === 0) return undefined;
  return `## Flags\n\n${table(['Flag', 'Default', 'Needs a connection', 'What it does'], rows)}`;
};

const errors: Section = ({ api }) => {
  const rows = Object.entries(api.errors.examples).map(([name, { status, is }]) => [
    name,
    String(status),
    code(is.kind),
    code(is.code),
  ]);
  return `## Answers and what they become\n\n${table(['Case', 'Status', 'Kind', 'Code'], rows)}`;
};

/** In the order of the page. */
export const sections: readonly Section[] = [
  app,
  connect,
  settings,
  operations,
  streams,
  capabilities,
  webhooks,
  flags,
  errors,
];

function words(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

function paragraphs(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}
