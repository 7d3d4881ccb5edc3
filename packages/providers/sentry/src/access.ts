/**
 * Two unrelated credentials: a DSN sends, a token reads and changes. https://docs.sentry.io/concepts/key-terms/dsn-explainer/,
 * https://docs.sentry.io/api/auth/ (2026-11). Everything that speaks this protocol is connected by its DSN.
 */
import { hostOf, invalidInput, need, PlugboardError, reveal, text as textOf } from '@plugboard/core';
import type { Api, Credentials, Sign } from '@plugboard/core';
import { baseUrl, host, secret, text, z } from '@plugboard/core/fields';

/** The key's old second half, behind a colon, is taken and never used. */
const dsnForm =
  /^(?<protocol>https?):\/\/(?<publicKey>\w+)(?::\w+)?@(?<host>[^/@]+)(?<path>(?:\/\w[\w.~-]*)*)\/(?<projectId>\d+)$/;

export interface Dsn {
  readonly protocol: string;
  readonly publicKey: string;
  /** With the port, where there is one. */
  readonly host: string;
  /** Where a server is mounted: `/errors`, or nothing. */
  readonly path: string;
  readonly projectId: string;
}

/** @throws PlugboardError code `invalid_input`; the text is never quoted. */
export function parseDsn(dsn: string): Dsn {
  const parts = dsnForm.exec(dsn)?.groups;
  if (parts === undefined) throw invalidInput('The DSN', [{ path: 'dsn', message: 'does not look like: DSN' }]);
  return parts as unknown as Dsn;
}

const anyHost = host('The host');

const dsn = secret('DSN', {
  help: 'Settings > Projects > Client Keys (DSN). It may only send.',
  pattern: dsnForm,
}).superRefine((value, context) => {
  const wrong = anyHost.safeParse(parseDsn(reveal(value)).host).error?.issues[0]?.message;
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: `its host ${wrong}` });
});
const authToken = secret('Auth token', { help: 'Of a user, an organization or an internal integration.' });
const slug = /^[a-z0-9][\w-]*$/i;
const organization = text('Organization', { help: 'Its slug, as in the address bar.', pattern: slug });
const project = text('Project', { help: 'Its slug; what calls mean that name no project.', pattern: slug });
const url = baseUrl('Server', {
  help: 'Of your own, or of a region: https://de.sentry.io. Default: the one of the DSN, else https://sentry.io.',
});
const about = {
  project: project.optional(),
  environment: text('Environment', { help: 'Of what is reported. Default: production.' }).optional(),
  release: text('Release', { help: 'The version that reports.' }).optional(),
  webhookSecret: secret('Client secret of the internal integration', {
    help: 'It signs the webhooks of this organization.',
  }).optional(),
};

export const byDsn = z.strictObject({
  dsn,
  authToken: authToken.optional(),
  organization: organization.optional(),
  ...about,
});
export const byToken = z.strictObject({ authToken, organization, url: url.optional(), dsn: dsn.optional(), ...about });

const optional = z.string().optional();
/** What any way to connect may hold. */
export const held = z.looseObject({
  dsn: optional,
  authToken: optional,
  organization: optional,
  project: optional,
  url: optional,
  environment: optional,
  release: optional,
  webhookSecret: optional,
});

/** @throws PlugboardError kind `permission`, code `dsn_missing`. */
export function dsnOf(api: Pick<Api, 'credentials'>): Dsn {
  const { dsn: given } = api.credentials(held);
  if (given !== undefined) return parseDsn(given);
  throw half('dsn_missing', 'Sending needs the DSN of a project, and the connection has only a token.', 'the DSN');
}

/** Where envelopes of the project go: https://develop.sentry.dev/sdk/foundations/envelopes/ (2026-11). */
export function ingest(api: Pick<Api, 'credentials'>): string {
  const { protocol, host: at, path, projectId } = dsnOf(api);
  return `${protocol}://${at}${path}/api/${projectId}`;
}

const regions: ReadonlySet<string | undefined> = new Set(['us', 'de']);
const apiHosts: ReadonlySet<string> = new Set(['sentry.io', 'us.sentry.io', 'de.sentry.io']);

/** The region that an organization is in, as far as it is one of the known: no answer names a host. */
export function regionOf(address: string | undefined): string | undefined {
  const [, region] = /^https:\/\/(\w+)\.sentry\.io$/.exec(address ?? '') ?? [];
  return regions.has(region) ? region : undefined;
}

/** The server that takes a DSN's envelopes has the API as well; the vendor's own has it on other hosts. */
function serverOf({ protocol, host: at, path }: Dsn): string | undefined {
  const [own, region] = /^(?:.+\.ingest\.)?(?:(us|de)\.)?sentry\.io$/.exec(at) ?? [];
  if (own === undefined) return `${protocol}://${at}${path}`;
  return region === undefined ? undefined : `https://${region}.sentry.io`;
}

/** An organization's data is in its region; the common host asks there. */
export function webApi(api: Pick<Api, 'credentials' | 'metadata'>): string {
  const { url: given, dsn: sends } = api.credentials(held);
  const region = textOf(api.metadata['region']);
  const known = regions.has(region) ? `https://${region}.sentry.io` : 'https://sentry.io';
  return `${given ?? (sends && serverOf(parseDsn(sends))) ?? known}/api/0`;
}

export function hostsOf(credentials: Credentials): readonly string[] {
  const { dsn: sends, url: given } = credentials;
  return [
    ...(sends === undefined ? [] : [hostOf(parseDsn(reveal(sends)).host, 'dsn')]),
    ...(given === undefined ? [] : [hostOf(given, 'url')]),
  ];
}

/** The organization that a call means which names none. @throws PlugboardError kind `permission`. */
export function organizationOf(api: Api): string {
  const { organization: given, dsn: sends, authToken: token } = api.credentials(held);
  const known = given ?? textOf(api.metadata['organization']) ?? (sends === undefined ? api.account?.id : undefined);
  if (known !== undefined) return known;
  if (token === undefined) throw tokenMissing();
  throw half('organization_missing', 'The connection does not say which organization it means.', 'the organization');
}

const client = 'plugboard/1.0';

export const sign: Sign = {
  places: ['header:authorization', 'header:x-sentry-auth'],
  apply({ url: to, headers }, { credentials }) {
    if (isWebApi(to, credentials)) {
      if (credentials['authToken'] === undefined) throw tokenMissing();
      return headers.set('authorization', `Bearer ${reveal(credentials['authToken'])}`);
    }
    const { publicKey } = parseDsn(need(credentials, 'dsn'));
    headers.set('x-sentry-auth', `Sentry sentry_version=7, sentry_key=${publicKey}, sentry_client=${client}`);
  },
};

/** One host may serve both. */
function isWebApi({ pathname, host: at }: URL, credentials: Credentials): boolean {
  if (pathname.endsWith('/envelope/')) return false;
  const { url: given } = credentials;
  return apiHosts.has(at) || pathname.includes('/api/0/') || (given !== undefined && hostOf(given, 'url') === at);
}

const tokenMissing = () =>
  half('token_missing', 'This call needs a token, and the connection has only the DSN of a project.', 'an auth token');

function half(code: string, message: string, missing: string): PlugboardError {
  return new PlugboardError({ kind: 'permission', code, message, hint: `Connect again with ${missing} beside it.` });
}
