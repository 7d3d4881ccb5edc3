/**
 * What each option of a board must be before anything is made of it: plain JavaScript, a forgotten `await` and a mistyped name
 * pass no type checker. Options that are judged where they are used have no shape here. Values are never quoted.
 */
import { configurationError } from './errors.ts';
import type { PlugboardOptions } from './plugboard.ts';
import { printable } from './printable.ts';
import type { AnyProvider } from './provider.ts';

type Options = PlugboardOptions<readonly AnyProvider[]>;

interface Shape {
  fits(value: unknown): boolean;
  /** Ends the sentence that begins with the name of the option. */
  readonly problem: string;
  readonly hint: string;
  /** It may not be left out. */
  readonly required?: true;
}

const isFunction = (value: unknown) => typeof value === 'function';
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function has(...methods: readonly string[]): Shape['fits'] {
  return (value) => isObject(value) && methods.every((name) => isFunction((value as Record<string, unknown>)[name]));
}

function isStore(value: unknown): boolean {
  if (!has('now', 'remember')(value)) return false;
  const { connections, once } = value as Record<string, unknown>;
  return has('find', 'update')(connections) && has('put', 'take')(once);
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

function isSandbox(value: unknown): boolean {
  const { origin } = Object(value) as { readonly origin?: unknown };
  return typeof origin === 'string' && URL.canParse(origin);
}

function isWhole(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 1);
}

function isBackground(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { refreshesInFlight, healthChecks, ...unknown } = value as Record<string, unknown>;
  return isWhole(refreshesInFlight) && isWhole(healthChecks) && Object.keys(unknown).length === 0;
}

const leaveOut = 'Leave it out for the default.';
const modes: ReadonlySet<unknown> = new Set(['production', 'development', 'test']);

const shapes: { readonly [Name in keyof Required<Options>]: Shape | null } = {
  url: null,
  keys: null,
  environment: null,
  cacheMs: null,
  flowMs: null,
  notifications: null,
  restored: null,
  limiter: null,
  processLabel: null,
  providers: {
    fits: Array.isArray,
    problem: 'is no list of providers',
    hint: 'Import the providers, and pass what they return: [acme()].',
    required: true,
  },
  store: {
    fits: isStore,
    problem: 'is no store',
    // A database's client is easily taken for its store.
    hint: 'Pass what an adapter makes of a client: postgresStore(pool), redisStore(client), createMemoryStore(). Await what is a promise.',
    required: true,
  },
  mode: {
    fits: (value) => modes.has(value),
    problem: 'is neither `production`, `development` nor `test`',
    hint: 'Leave it out in production: NODE_ENV decides.',
  },
  env: { fits: isObject, problem: 'is no object of variables', hint: leaveOut },
  clock: { fits: has('now', 'monotonic', 'random', 'sleep', 'after'), problem: 'is no clock', hint: leaveOut },
  log: {
    fits: has('info', 'warn', 'error'),
    problem: 'lacks one of the functions `info`, `warn` and `error`',
    hint: 'Pass a logger that takes fields and a message, or leave it out for the console.',
  },
  reconnectUrl: { fits: isFunction, problem: 'is no function', hint: 'Pass a function that returns an address.' },
  webhooks: { fits: isObject, problem: 'is no object', hint: leaveOut },
  background: {
    fits: isBackground,
    problem: 'has other members than `refreshesInFlight` and `healthChecks`, or one that is no whole number above 0',
    hint: leaveOut,
  },
  returnOrigins: {
    fits: (value) => Array.isArray(value) && value.every(isOrigin),
    problem: 'is no list of origins',
    hint: 'Write scheme, host and port only: https://app.example.com.',
  },
  flags: {
    fits: has('getBooleanValue'),
    problem: 'is no client of OpenFeature',
    hint: 'Pass what OpenFeature.getClient() returned, or leave it out for the global one.',
  },
  acknowledgeSingleProcess: {
    fits: (value) => typeof value === 'boolean',
    problem: 'is neither true nor false',
    hint: leaveOut,
  },
  wire: { fits: isFunction, problem: 'is no wire', hint: 'Pass `fetchWire`, or leave it out for the default.' },
  sandbox: {
    fits: isSandbox,
    problem: 'has no `origin` that is an address',
    hint: 'Write where the stand-ins are served: { origin: "http://127.0.0.1:4010" }.',
  },
  egress: { fits: isObject, problem: 'is no object', hint: 'Pass { allow, allowOrigins }, or leave it out.' },
  telemetry: { fits: has('run'), problem: 'is no telemetry', hint: 'Pass what createTelemetry() returned.' },
};

/** @throws PlugboardError kind `configuration`: `invalid_option`, `unknown_option`. */
export function checkOptions(options: unknown): void {
  if (!isObject(options)) {
    throw configurationError(
      'invalid_option',
      'createPlugboard got no object of options.',
      'Pass at least `url`, `providers`, `store` and `keys`.',
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, shape] of Object.entries<Shape | null>(shapes)) {
    const value = given[name];
    if (shape === null || (value === undefined && shape.required !== true) || shape.fits(value)) continue;
    const problem = value === undefined ? 'is missing' : shape.problem;
    throw configurationError('invalid_option', `Option \`${name}\` ${problem}.`, shape.hint);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(shapes, name));
  if (unknown === undefined) return;
  throw configurationError(
    'unknown_option',
    `createPlugboard has no option \`${printable(unknown)}\`.`,
    `Options are: ${Object.keys(shapes).toSorted().join(', ')}.`,
  );
}
