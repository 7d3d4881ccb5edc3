/** Reads the host's options and the environment into provider runtimes; every gap has a name. */
import type { AppValues, AuthMethod, Credentials } from './auth/auth.ts';
import type { Environment } from './env.ts';
import type { Mode, Restored } from './engine.ts';
import type { Log } from './log.ts';
import { configurationError, PlugboardError } from './errors.ts';
import type { AnyDefinition, AnyProvider, AppField, AppFields } from './provider.ts';
import { readPrevious, type EndingSecret } from './previous-secrets.ts';
import { checkInput } from './schema.ts';
import { isSecret, Secret } from './secret.ts';

/**
 * The mode of a board. Stubs need it asked for by name, so anything unknown counts as production.
 * @throws PlugboardError code `mode_conflict` when the options say development and NODE_ENV says production.
 */
export function resolveMode(asked: Mode | undefined, environment: Environment): Mode {
  const node = environment['NODE_ENV'];
  if (asked === undefined) return node === 'development' || node === 'test' ? node : 'production';
  if (asked !== 'production' && node === 'production') {
    throw configurationError(
      'mode_conflict',
      `createPlugboard has mode \`${asked}\` while NODE_ENV is \`production\`.`,
      'Remove `mode` in production; stubs must never answer real users.',
    );
  }
  return asked;
}

/** Configuration comes as text, whatever its type says. */
const restoredWords: ReadonlySet<unknown> = new Set<Restored>(['hold', 'resume']);

/** @throws PlugboardError code `invalid_restored`. */
export function checkRestored(restored: Restored | undefined, log: Log): { restored?: Restored } {
  if (restored === undefined) return {};
  if (!restoredWords.has(restored)) {
    throw configurationError(
      'invalid_restored',
      'Option `restored` is neither `hold` nor `resume`.',
      'Leave it out unless the database was restored from a backup.',
    );
  }
  const does = restored === 'hold' ? 'is held' : 'goes one by one';
  log.warn({ restored }, `the database counts as restored: the background refresh ${does}`);
  return { restored };
}

export interface ResolvedProvider {
  readonly definition: AnyDefinition;
  readonly app: AppValues;
  readonly platform?: { readonly method: string; readonly credentials: Credentials };
  readonly scopes?: readonly string[];
  readonly apiVersion: string;
  /** Signing secrets of webhooks that a rotation has replaced. */
  readonly previousSecrets: readonly EndingSecret[];
  /** App fields without which OAuth cannot run. */
  readonly missing: readonly string[];
  /** Nothing is configured and the mode allows it: an emulator stands in for the vendor. */
  readonly stub: boolean;
}

/** @throws PlugboardError kind `configuration`: `half_configured`, `unknown_option`, `invalid_option`, `invalid_platform_credentials`. */
export function resolveProvider(provider: AnyProvider, environment: Environment, mode: Mode): ResolvedProvider {
  const { definition, options } = provider;
  const fields = definition.app ?? {};
  refuseUnknownOptions(definition, Object.keys(options));
  const app: Record<string, Secret | string | undefined> = {};
  for (const [name, field] of Object.entries(fields)) app[name] = readField(name, field, options[name], environment);
  for (const set of new Set(Object.values(fields).map((field) => field.set ?? 'oauth'))) {
    const members = Object.entries(fields).filter(
      ([, field]) => (field.set ?? 'oauth') === set && field.optional !== true,
    );
    const absent = members.filter(([name]) => app[name] === undefined);
    if (absent.length > 0 && absent.length < members.length) throw halfConfigured(definition.id, absent);
  }
  const platform = readPlatform(definition, options.platform, environment);
  const scopes = options.scopes ?? readScopes(definition, environment);
  const missing = missingOf(fields, app, 'oauth');
  // What is optional (a host, a default model) proves nothing to a vendor.
  const unset = Object.entries(fields).every(([name, { optional }]) => optional === true || app[name] === undefined);
  const nothing = unset && platform === undefined;
  const bare = nothing && (Object.keys(fields).length > 0 || platformMethods(definition).length > 0);
  if (options.stub === true && mode === 'production') throw stubInProduction(definition.id);
  return {
    definition,
    app,
    previousSecrets: readPrevious(definition, app, options.previous, environment),
    missing,
    stub: mode !== 'production' && (options.stub ?? bare),
    apiVersion: options.apiVersion ?? definition.api.version ?? '',
    ...(platform && { platform }),
    ...(scopes && { scopes }),
  };
}

/** Environment names of a set's fields that have no value. */
export function missingOf(fields: AppFields, app: AppValues, set: string): readonly string[] {
  return Object.entries(fields)
    .filter(([name, field]) => (field.set ?? 'oauth') === set && field.optional !== true && app[name] === undefined)
    .map(([, field]) => field.env);
}

const commonOptions = new Set(['scopes', 'apiVersion', 'previous', 'platform', 'stub']);

function refuseUnknownOptions(definition: AnyDefinition, names: readonly string[]): void {
  const known = new Set([...commonOptions, ...Object.keys(definition.app ?? {})]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw configurationError(
    'unknown_option',
    `Provider \`${definition.id}\` has no option \`${unknown}\`.`,
    `Options are: ${[...known].join(', ')}.`,
  );
}

function readField(
  name: string,
  field: AppField,
  option: unknown,
  environment: Environment,
): Secret | string | undefined {
  const value = option ?? environment[field.env];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' && !isSecret(value)) {
    throw configurationError('invalid_option', `Option \`${name}\` must be a string.`, `Pass it or set ${field.env}.`);
  }
  const text = typeof value === 'string' ? value.trim() : value.reveal();
  if (!/^[\x20-\x7e\n]+$/.test(text)) {
    throw configurationError(
      'invalid_option',
      `Option \`${name}\` holds control or non-ASCII characters.`,
      `Check ${field.env}.`,
    );
  }
  return field.secret === true ? new Secret(text) : text;
}

/** A scope has no spaces, quotes or backslashes (RFC 6749 section 3.3). */
function readScopes({ auth }: AnyDefinition, environment: Environment): readonly string[] | undefined {
  for (const method of Object.values(auth)) {
    const name = method.kind === 'oauth2' ? method.scopes.env : undefined;
    const text = name === undefined ? '' : (environment[name] ?? '').trim();
    if (name === undefined || text === '') continue;
    if (/^[\x21\x23-\x5b\x5d-\x7e ]+$/.test(text)) return text.split(/ +/);
    throw configurationError('invalid_option', `${name} holds characters that no scope has.`, `Check ${name}.`);
  }
  return undefined;
}

function stubInProduction(id: string): PlugboardError {
  return configurationError(
    'stub_in_production',
    `Provider \`${id}\` has \`stub: true\` in production.`,
    'Remove the option.',
  );
}

function halfConfigured(id: string, absent: readonly (readonly [string, AppField])[]): PlugboardError {
  const names = absent.map(([name, field]) => `${name} (${field.env})`).join(', ');
  return configurationError(
    'half_configured',
    `Provider \`${id}\` is configured only in part; missing: ${names}.`,
    'Set all of them, or none to run on the stub in development.',
  );
}

/** Methods whose fields may come from the environment, serving every organization. */
function platformMethods(definition: AnyDefinition): readonly (readonly [string, PlatformMethod])[] {
  return Object.entries(definition.auth).flatMap(([name, method]) =>
    isPlatform(method) ? [[name, method] as const] : [],
  );
}

type PlatformMethod = Extract<AuthMethod, { credentials: unknown }> & {
  readonly env: Readonly<Record<string, string>>;
};

function isPlatform(method: AuthMethod): method is PlatformMethod {
  return (method as Partial<PlatformMethod>).env !== undefined;
}

function readPlatform(
  definition: AnyDefinition,
  given: Readonly<Record<string, string | Secret>> | undefined,
  environment: Environment,
): { method: string; credentials: Credentials } | undefined {
  let best: { method: string; credentials: Credentials; taken: number } | undefined;
  let failure: { error: PlugboardError; taken: number } | undefined;
  for (const [name, method] of platformMethods(definition)) {
    const values = given ?? fromEnvironment(method.env, environment);
    const taken = Object.keys(values).length;
    if (taken === 0) continue;
    const plain = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, isSecret(value) ? value.reveal() : value]),
    );
    try {
      const subject = `platform credentials of ${definition.id}`;
      const credentials = checkInput(method.credentials, plain, subject) as Credentials;
      if (taken > (best?.taken ?? 0)) best = { method: name, credentials, taken };
    } catch (error) {
      if (taken > (failure?.taken ?? 0)) failure = { error: platformError(definition.id, method.env, error), taken };
    }
  }
  // The method that takes the most of what is set is meant: nothing was set in vain, and what is wrong is told.
  if (failure !== undefined && failure.taken > (best?.taken ?? 0)) throw failure.error;
  return best && { method: best.method, credentials: best.credentials };
}

function fromEnvironment(names: Readonly<Record<string, string>>, environment: Environment): Record<string, string> {
  const found = Object.entries(names).map(([field, name]) => [field, environment[name]] as const);
  return Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''));
}

function platformError(id: string, env: Readonly<Record<string, string>>, error: unknown): PlugboardError {
  const detail = error instanceof PlugboardError ? error.message : 'not readable';
  return configurationError(
    'invalid_platform_credentials',
    `The platform credentials of \`${id}\` are incomplete or malformed: ${detail}`,
    `Check ${Object.values(env).join(', ')}; set all of them, or none to run on the stub in development.`,
  );
}
