import type { AuthMethods } from './auth/auth.ts';
import { refuseReservedParams } from './auth/methods.ts';
import type { CapabilityName } from './capabilities.ts';
import type { OperationTree } from './endpoint.ts';
import { configurationError } from './errors.ts';
import type { AppFields, ProviderDefinition, ProviderFactory } from './provider.ts';
import type { PlainSchema, Schema } from './schema.ts';
import type { SyncStreams } from './sync-stream.ts';

/**
 * Declares a provider and returns its factory.
 * @example export const acme = defineProvider({ id: 'acme', ... }); createPlugboard({ providers: [acme()] })
 * @throws PlugboardError kind `configuration`, code `invalid_definition`, for what the types cannot check.
 */
export function defineProvider<
  const Id extends string,
  const Auth extends AuthMethods,
  const App extends AppFields = Record<never, never>,
  Settings extends Schema = Schema<Record<never, never>>,
  Operations extends OperationTree = Record<never, never>,
  Caps extends CapabilityName = never,
  Events extends Readonly<Record<string, Schema>> = Record<never, never>,
  Sdk = never,
  const Streams extends SyncStreams = Record<never, never>,
>(
  definition: ProviderDefinition<Id, Auth, App, Settings, Operations, Caps, Events, Sdk, Streams>,
): ProviderFactory<
  ProviderDefinition<Id, Auth, App, PlainSchema<Settings>, Operations, Caps, PlainEvents<Events>, Sdk, Streams>
> {
  const problem = findProblem(definition as unknown as ProviderDefinition);
  if (problem !== undefined) {
    throw configurationError(
      'invalid_definition',
      `The provider definition \`${String(definition.id)}\` is wrong: ${problem}.`,
      'Correct the definition; the contract suite of @plugboard/testing explains each rule.',
    );
  }
  type Plain = ProviderDefinition<
    Id,
    Auth,
    App,
    PlainSchema<Settings>,
    Operations,
    Caps,
    PlainEvents<Events>,
    Sdk,
    Streams
  >;
  const plain = definition as unknown as Plain;
  const make = (options = {}) => ({ definition: plain, options: withoutPrint(definition.app ?? {}, options) });
  return Object.assign(make, { definition: plain });
}

const printing = Symbol.for('nodejs.util.inspect.custom');

/** The host's options with its secrets, which neither print nor become JSON: boards are logged by accident. */
function withoutPrint<T extends object>(app: AppFields, options: T): T {
  const isHidden = (name: string) => name === 'platform' || app[name]?.secret === true;
  const shown = () =>
    Object.fromEntries(Object.entries(options).map(([name, value]) => [name, isHidden(name) ? '[secret]' : value]));
  const hidden = { value: shown, enumerable: false };
  return Object.defineProperties({ ...options }, { toJSON: hidden, [printing]: hidden });
}

type PlainEvents<Events> = { readonly [Type in keyof Events]: PlainSchema<Events[Type]> };

const idPattern = /^[a-z][a-z0-9-]{0,62}$/;
const hostPattern = /^(\*\.){0,3}[a-z0-9-]+(\.[a-z0-9-]+)+$/;
const streamPattern = /^[a-z][A-Za-z0-9]{0,63}$/;
const reservedMembers = new Set(['then', 'sdk', 'constructor', 'prototype', '__proto__']);

function findProblem(definition: ProviderDefinition): string | undefined {
  const { id, hosts, tenantHosts, auth, operations, capabilities, api, docs } = definition;
  if (!idPattern.test(id)) return '`id` must match [a-z][a-z0-9-]*';
  if (hosts.length === 0 && tenantHosts === undefined) return '`hosts` is empty and there are no `tenantHosts`';
  const badHost = hosts.find((host) => !hostPattern.test(host));
  if (badHost !== undefined) return `\`hosts\` holds \`${badHost}\`, which is neither a host name nor *.host`;
  if (Object.keys(auth).length === 0) return '`auth` declares no way to connect';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(docs.checked)) return '`docs.checked` is not a date';
  if (typeof api.baseUrl === 'string' && !/^https:\/\/[^/?#]+(?:\/+[^/?#]+)*$/.test(api.baseUrl)) {
    return '`api.baseUrl` must be https, without query and without a trailing slash';
  }
  for (const name of [...Object.keys(operations), ...Object.keys(capabilities ?? {})]) {
    if (reservedMembers.has(name)) return `\`${name}\` is no usable name of a client member`;
  }
  const twice = Object.keys(capabilities ?? {}).find((name) => Object.hasOwn(operations, name));
  if (twice !== undefined) return `\`${twice}\` is both an operation group and a capability`;
  for (const [name, { methods }] of Object.values(operations).flatMap((group) => Object.entries(group))) {
    const known = methods?.every((method) => Object.hasOwn(auth, method)) ?? true;
    if (!known || methods?.length === 0) return `\`methods\` of \`${name}\` names a way to connect that there is not`;
  }
  const badStream = Object.keys(definition.streams ?? {}).find((name) => !streamPattern.test(name));
  if (badStream !== undefined)
    return `the stream \`${badStream}\` must have a name that matches ${streamPattern.source}`;
  for (const method of Object.values(auth)) {
    if (method.kind === 'oauth2' && typeof method.authorize.params === 'object') {
      refuseReservedParams(Object.keys(method.authorize.params), 'authorize.params');
    }
  }
  return undefined;
}
