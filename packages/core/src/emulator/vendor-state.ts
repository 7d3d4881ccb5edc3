/** What the routes of one emulator remember. */
import type { Clock } from '../clock.ts';
import { configurationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { AnyDefinition, ErrorExample } from '../provider.ts';
import type { EmulatedReply, EmulatedVendor } from './contract.ts';
import type { DeclaredEndpoint } from './declared-endpoints.ts';
import type { AuthorizationServer } from './oauth/authorization-server.ts';
import type { ShapeFailure } from './oauth/oauth-failure.ts';

export interface VendorParts {
  readonly definition: AnyDefinition;
  readonly clock: Clock;
  readonly endpoints: readonly DeclaredEndpoint[];
  readonly oauth: AuthorizationServer;
  readonly shapeOAuthFailures: (shape: ShapeFailure) => void;
}

export function createVendor({ definition, clock, endpoints, oauth, shapeOAuthFailures }: VendorParts): EmulatedVendor {
  const tables = new Map<string, Map<string, Json>>();
  let ids = 0;
  return {
    now: () => clock.now(),
    id: (prefix = '') => `${prefix}${String(++ids).padStart(6, '0')}`,
    table(name) {
      const table = tables.get(name) ?? new Map<string, Json>();
      tables.set(name, table);
      return table;
    },
    example(operation) {
      const declared = endpoints.find(({ name }) => name === operation);
      if (declared === undefined)
        throw unknownName(
          definition,
          operation,
          endpoints.map(({ name }) => name),
        );
      return exampleReply(declared);
    },
    failure: (name) => failureNamed(definition, name),
    oauth,
    shapeOAuthFailures,
  };
}

/** The declared answer of an endpoint. */
export function exampleReply(
  { endpoint }: DeclaredEndpoint,
  answer: Json | undefined = endpoint.example.answer,
): EmulatedReply {
  const { status = 200, headers } = endpoint.example;
  const body = answer === undefined ? {} : typeof answer === 'string' ? { text: answer } : { json: answer };
  return { status, ...(headers && { headers }), ...body };
}

/** @throws PlugboardError code `unknown_example` for a name that the definition does not declare. */
export function failureNamed(definition: AnyDefinition, name: string): EmulatedReply {
  const { examples } = definition.api.errors;
  const example = Object.hasOwn(examples, name) ? examples[name] : undefined;
  if (example === undefined) throw unknownName(definition, name, Object.keys(examples));
  return failureReply(example);
}

export function failureReply({ status, headers, body }: ErrorExample): EmulatedReply {
  const content = body === undefined ? {} : typeof body === 'string' ? { text: body } : { json: body };
  return { status, ...(headers && { headers }), ...content };
}

function unknownName(definition: AnyDefinition, name: string, known: readonly string[]) {
  return configurationError(
    'unknown_example',
    `Provider \`${definition.id}\` declares no example called \`${name}\`.`,
    `Use one of: ${known.join(', ')}.`,
  );
}
