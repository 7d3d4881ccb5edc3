/** The typed client of a connection: what the declarations become. */
import type { Engine } from '../engine.ts';
import { streamedMembers, type CapabilityName } from '../capabilities.ts';
import type { Api, CallOptions, Endpoint, Operation, Stream } from '../endpoint.ts';
import { PlugboardError } from '../errors.ts';
import type { AnyDefinition, ClientOf } from '../provider.ts';
import { checkInput, type Schema } from '../schema.ts';
import type { Session } from './access.ts';
import { callEndpoint, createApi, pagesOf } from './api.ts';
import { checkCallOptions } from './call-options.ts';
import { requireNeeds } from './send.ts';
import { brandStub } from './stub.ts';

type AnyEndpoint = Endpoint<Schema, Schema, unknown>;
type Declaration = AnyEndpoint | Operation | Stream;

/** Makes every operation and capability of a definition callable. Nothing is sent, read or loaded here. */
export function createClient<D extends AnyDefinition>(engine: Engine, session: Session, definition: D): ClientOf<D> {
  const members: Record<string, unknown> = {};
  for (const [group, operations] of Object.entries(definition.operations)) {
    const declarations = operations as unknown as Readonly<Record<string, Declaration>>;
    const methods: Record<string, unknown> = {};
    for (const name of Object.keys(declarations)) {
      methods[name] = bindOperation(engine, session, `${group}.${name}`, declarations[name]!);
    }
    members[group] = methods;
  }
  for (const [name, make] of Object.entries(definition.capabilities ?? {})) {
    members[name] = bindCapability(engine, session, name, make as (api: Api) => unknown);
  }
  if (definition.sdk !== undefined) {
    const sdk = definition.sdk as (api: Api) => Promise<unknown>;
    members['sdk'] = async () => createApi(engine, session, await session.access(), 'sdk').sdk(sdk);
  }
  return members as ClientOf<D>;
}

/** What most calls say of their options; it needs no judgement. */
const none: CallOptions = Object.freeze({});

/** Input and what the connection must be are checked before the provider's own code runs. */
function bindOperation(engine: Engine, session: Session, operation: string, declaration: Declaration): unknown {
  const { definition } = session.runtime;
  const { id } = definition;
  switch (declaration.kind) {
    case 'endpoint':
      return (input: unknown, options: CallOptions = none) => {
        const call = { endpoint: declaration, input, options, operation };
        return declaration.paging === undefined ? callEndpoint(engine, session, call) : paged(engine, session, call);
      };
    case 'operation':
      return async (input: unknown, options: CallOptions = none) => {
        if (options !== none) checkCallOptions(options, id, operation);
        const checked = checkInput(declaration.input, input ?? {}, `${id} ${operation}`);
        const found = session.access();
        // Awaited only where it is not at hand: a turn of the event loop's queue takes as long as the rest of this.
        const access = found instanceof Promise ? await found : found;
        requireNeeds(definition, operation, access, declaration);
        const result = await declaration.run(createApi(engine, session, access, operation), checked as never, options);
        return access.stub ? brandStub(result) : result;
      };
    case 'stream':
      return async function* (input: unknown, options: CallOptions = none) {
        if (options !== none) checkCallOptions(options, id, operation);
        const checked = checkInput(declaration.input, input ?? {}, `${id} ${operation}`);
        const access = await session.access();
        requireNeeds(definition, operation, access, declaration);
        yield* declaration.run(createApi(engine, session, access, operation), checked as never, options);
      };
  }
}

function paged(engine: Engine, session: Session, call: Parameters<typeof callEndpoint>[2]): unknown {
  const { paging } = call.endpoint;
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- a page when awaited, all items when iterated
    then: (resolve: (page: unknown) => unknown, reject: (error: unknown) => unknown) =>
      callEndpoint(engine, session, call).then(resolve, reject),
    async *[Symbol.asyncIterator]() {
      for await (const page of pagesOf(engine, session, call)) yield* paging?.items(page as never) ?? [];
    },
  };
}

/**
 * A capability takes its access at the moment of the call. What gives a promise starts when it is called, what comes one
 * by one when it is read: which of them does what is the capability's own matter, and known before there is an access.
 */
function bindCapability(engine: Engine, session: Session, name: string, make: (api: Api) => unknown): unknown {
  const streamed: readonly string[] = streamedMembers[name as CapabilityName] ?? [];

  async function start(member: string, args: readonly unknown[]) {
    const access = await session.access();
    const capability = make(createApi(engine, session, access, member === '' ? name : `${name}.${member}`));
    const implementation = member === '' ? capability : (capability as Record<string, unknown>)[member];
    if (typeof implementation !== 'function') throw noSuchMember(session, name, member);
    return { access, result: implementation.apply(capability, args) as unknown };
  }
  async function call(member: string, args: readonly unknown[]) {
    const { access, result } = await start(member, args);
    const value = await result;
    return access.stub ? brandStub(value) : value;
  }
  async function* iterate(member: string, args: readonly unknown[]) {
    yield* (await start(member, args)).result as AsyncIterable<unknown>;
  }
  const bind =
    (member: string) =>
    (...args: readonly unknown[]) =>
      streamed.includes(member) ? iterate(member, args) : call(member, args);
  return new Proxy(bind(''), {
    get: (_target, member) => (typeof member !== 'string' || member === 'then' ? undefined : bind(member)),
  });
}

function noSuchMember(session: Session, name: string, member: string): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code: 'unknown_operation',
    message: `The capability \`${name}\` has no operation \`${member}\`.`,
    hint: 'See the capability interfaces of @plugboard/core.',
    provider: session.runtime.definition.id,
  });
}
