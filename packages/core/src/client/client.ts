/** The typed client of a connection: what the declarations become. */
import type { Engine } from '../engine.ts';
import type { AnyDeclaration, Api, CallOptions, Endpoint, Operation, Stream } from '../endpoint.ts';
import { PlugboardError } from '../errors.ts';
import type { AnyDefinition, ClientOf } from '../provider.ts';
import { checkInput, type Schema } from '../schema.ts';
import type { Session } from './access.ts';
import { callEndpoint, createApi, pagesOf, requireScopes } from './api.ts';
import { brandStub } from './stub.ts';

type AnyEndpoint = Endpoint<Schema, Schema, unknown>;
type Declaration = AnyEndpoint | Operation | Stream;

/** Makes every operation and capability of a definition callable. Nothing is sent, read or loaded here. */
export function createClient<D extends AnyDefinition>(engine: Engine, session: Session, definition: D): ClientOf<D> {
  const members: Record<string, unknown> = {};
  for (const [group, operations] of Object.entries(definition.operations)) {
    const methods = Object.entries(operations as Record<string, AnyDeclaration>).map(([name, declaration]) => {
      return [name, bindOperation(engine, session, `${group}.${name}`, declaration as unknown as Declaration)];
    });
    members[group] = Object.fromEntries(methods);
  }
  for (const [name, make] of Object.entries(definition.capabilities ?? {})) {
    members[name] = bindCapability(engine, session, name, make as (api: Api) => unknown);
  }
  if (definition.sdk !== undefined) {
    const sdk = definition.sdk as (api: Api) => Promise<unknown>;
    members['sdk'] = async () => sdk(createApi(engine, session, await session.access(), 'sdk'));
  }
  return members as ClientOf<D>;
}

function bindOperation(engine: Engine, session: Session, operation: string, declaration: Declaration): unknown {
  switch (declaration.kind) {
    case 'endpoint':
      return (input: unknown, options: CallOptions = {}) => {
        const call = { endpoint: declaration, input, options, operation };
        return declaration.paging === undefined ? callEndpoint(engine, session, call) : paged(engine, session, call);
      };
    case 'operation':
      return async (input: unknown, options: CallOptions = {}) => {
        const { access, api, checked } = await enter(engine, session, { declaration, operation, input });
        const result = await declaration.run(api, checked as never, options);
        return access.stub ? brandStub(result) : result;
      };
    case 'stream':
      return async function* (input: unknown, options: CallOptions = {}) {
        const { api, checked } = await enter(engine, session, { declaration, operation, input });
        yield* declaration.run(api, checked as never, options);
      };
  }
}

/** Checks input and scopes before the provider's own code runs. */
async function enter(
  engine: Engine,
  session: Session,
  call: { declaration: Operation | Stream; operation: string; input: unknown },
) {
  const { id } = session.runtime.definition;
  const checked = checkInput(call.declaration.input, call.input ?? {}, `${id} ${call.operation}`);
  const access = await session.access();
  requireScopes(id, call.operation, access, call.declaration.scopes ?? []);
  return { access, checked, api: createApi(engine, session, access, call.operation) };
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
 * A capability whose functions take their access at the moment of the call: an object of functions that return
 * promises, or one function that returns an async iterable.
 */
function bindCapability(engine: Engine, session: Session, name: string, make: (api: Api) => unknown): unknown {
  const made = async (operation: string) => {
    const access = await session.access();
    return { access, capability: make(createApi(engine, session, access, operation)) };
  };
  async function* iterate(...args: readonly unknown[]) {
    const { capability } = await made(name);
    yield* (capability as (...all: readonly unknown[]) => AsyncIterable<unknown>)(...args);
  }
  return new Proxy(iterate, {
    get(_target, member) {
      if (typeof member !== 'string' || member === 'then') return undefined;
      return async (...args: readonly unknown[]) => {
        const { access, capability } = await made(`${name}.${member}`);
        const implementation = (capability as Record<string, unknown>)[member];
        if (typeof implementation !== 'function') throw noSuchMember(session, name, member);
        const result: unknown = await implementation.apply(capability, args);
        return access.stub ? brandStub(result) : result;
      };
    },
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
