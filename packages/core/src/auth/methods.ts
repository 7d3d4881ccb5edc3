/** Constructors of the auth kinds: they fill defaults and check what the types cannot. */
import { configurationError } from '../errors.ts';
import type { PlainSchema, Schema } from '../schema.ts';
import type {
  BrowserMethod,
  BrowserOptions,
  FieldsKind,
  FieldsMethod,
  FieldsOptions,
  MintMethod,
  MintOptions,
  OAuth2Method,
  OAuth2Options,
} from './auth.ts';
import { bearer, unsigned } from './sign.ts';

/** Parameters that belong to the engine; a provider or caller that sets one would break a flow's binding. */
const reservedParams = new Set([
  'state',
  'redirect_uri',
  'client_id',
  'client_secret',
  'response_type',
  'response_mode',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'nonce',
  // What they hold takes the place of all the others (RFC 9101 section 6.3).
  'request',
  'request_uri',
]);

/** @throws PlugboardError code `reserved_parameter` when a name belongs to the engine, in any letter case. */
export function refuseReservedParams(names: Iterable<string>, where: string): void {
  for (const name of names) {
    if (!reservedParams.has(name.toLowerCase())) continue;
    throw configurationError(
      'reserved_parameter',
      `${where} sets \`${name}\`, which the OAuth engine sets itself.`,
      'Remove it; use the option of that purpose (scopes, redirect URL, formPost) instead.',
    );
  }
}

/** OAuth 2.0 authorization code grant. */
export function oauth2(options: OAuth2Options): OAuth2Method {
  const { params } = options.authorize;
  if (typeof params === 'object') refuseReservedParams(Object.keys(params), 'authorize.params');
  return { ...options, kind: 'oauth2', title: options.title ?? 'OAuth', sign: options.sign ?? bearer() };
}

const fields =
  (kind: FieldsKind, title: string) =>
  <S extends Schema>(options: FieldsOptions<S>): FieldsMethod<PlainSchema<S>> => ({
    ...(options as unknown as FieldsOptions<PlainSchema<S>>),
    kind,
    title: options.title ?? title,
  });

/** One or several key fields. */
export const apiKey = fields('api_key', 'API key');
/** User name and password, or a pair that is used like them. */
export const basicAuth = fields('basic', 'User name and password');
/** A token of a bot that the organization made itself. */
export const botToken = fields('bot_token', 'Bot token');
/** A URL that is itself the credential. */
export const incomingWebhook = fields('incoming_webhook', 'Incoming webhook URL');
/** AWS Signature Version 4. */
export const sigv4 = fields('sigv4', 'Access key');
/** A data source name. */
export const dsn = fields('dsn', 'DSN');

/** A server that authenticates nobody: only its address is asked. */
export function noAuth<S extends Schema>(options: Omit<FieldsOptions<S>, 'sign'>): FieldsMethod<PlainSchema<S>> {
  return fields('none', 'Address')({ ...options, sign: unsigned });
}

const minted =
  (kind: MintMethod['kind'], title: string) =>
  <S extends Schema>(options: MintOptions<S>): MintMethod<PlainSchema<S>> => ({
    ...(options as unknown as MintOptions<PlainSchema<S>>),
    kind,
    title: options.title ?? title,
  });

/** OAuth 2.0 client credentials grant (RFC 6749 section 4.4). */
export const clientCredentials = minted('client_credentials', 'Client credentials');
/** A service account whose signed JWT is exchanged for a token (RFC 7523). */
export const serviceAccount = minted('service_account', 'Service account');

/** A step in the browser that is not OAuth. */
export function browserStep<S extends Schema>(options: BrowserOptions<S>): BrowserMethod<PlainSchema<S>> {
  const { title = 'Guided connection' } = options;
  return { ...(options as unknown as BrowserOptions<PlainSchema<S>>), kind: 'browser', title };
}
