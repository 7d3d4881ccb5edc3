/** Connecting by fields: validate, prove, name, seal, store. */
import type { AuthMethod, BrowserMethod, Credentials, FieldsMethod, Grant, MintMethod } from '../auth/auth.ts';
import { createOAuthClient } from '../auth/oauth-client.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, methodOf, providerOf } from '../engine.ts';
import { invalidInput, isPlugboardError, PlugboardError } from '../errors.ts';
import { checkFields, flag } from '../field-rules.ts';
import { checkInput, jsonSchemaOf } from '../schema.ts';
import { at } from '../json.ts';
import { finishStep } from './browser-step.ts';
import { vendorFacts } from './facts.ts';
import { identify } from './identify.ts';
import { oauthContext, requireApp } from './oauth-context.ts';
import { saveGrant } from './save.ts';
import { newKey } from './session-key.ts';
import type { Connection } from './view.ts';

export interface ConnectInput {
  readonly organizationId: string;
  /** The host's user, for the audit trail. Default `system`. */
  readonly userId?: string;
  /** Several connections of one organization to one vendor are told apart by it. Default `default`. */
  readonly label?: string;
  readonly method?: string;
  readonly credentials: unknown;
  /** From `prepare`, where the way to connect is a step in the browser. */
  readonly flow?: string;
  /** Lets a reconnect replace the account. Default false. */
  readonly allowAccountChange?: boolean;
}

/**
 * Stores credentials that the vendor has accepted.
 * @throws PlugboardError kind `invalid_request` naming each field (schema, or refused by the vendor), kind `conflict`
 * code `account_mismatch`, kind `rate_limited` code `too_many_refusals`; nothing is stored then and an existing
 * connection stays as it was.
 */
export async function connect(engine: Engine, provider: string, input: ConnectInput): Promise<Connection> {
  const runtime = providerOf(engine, provider);
  const organizationId = checkId(input.organizationId, 'organizationId');
  return engine.attempts.run(newKey(provider, organizationId), () => connectOnce(engine, runtime, input));
}

async function connectOnce(engine: Engine, runtime: ProviderRuntime, input: ConnectInput): Promise<Connection> {
  const { organizationId } = input;
  const provider = runtime.definition.id;
  const label = checkId(input.label ?? 'default', 'label');
  const [name, method] = chooseMethod(runtime, input);
  const fields = checkInput(method.credentials, input.credentials, `${provider} credentials`) as Credentials;
  const { allowAccountChange = false } = input;
  checkFields(`${provider} connect`, { allowAccountChange }, { allowAccountChange: flag });
  const userId = checkId(input.userId ?? 'system', 'userId');
  if (method.kind === 'browser') {
    const step = { organizationId, userId, label, method: name, flow: input.flow, allowAccountChange };
    return finishStep(engine, runtime, { ...step, credentials: fields }).catch((error: unknown) => {
      throw refusedByVendor(error, method, provider);
    });
  }
  if (input.flow !== undefined) {
    const message = `\`${name}\` has no step in the browser, so there is no flow to finish`;
    throw invalidInput(`${provider} connect`, [{ path: 'flow', message }]);
  }
  const grant = await grantOf(engine, runtime, method, { fields, organizationId });
  const account = await identify(engine, runtime, { organizationId, method: name, ...grant }).catch(
    (error: unknown) => {
      throw refusedByVendor(error, method, provider);
    },
  );
  return saveGrant(engine, runtime, {
    organizationId,
    label,
    method: name,
    grant,
    account,
    allowAccountChange,
    actor: userId,
  });
}

async function grantOf(
  engine: Engine,
  runtime: ProviderRuntime,
  method: FieldsMethod | MintMethod,
  { fields, organizationId }: { fields: Credentials; organizationId: string },
): Promise<Grant> {
  if (!('mint' in method)) return { credentials: fields };
  if (method.appSet !== undefined) requireApp(runtime, { set: method.appSet });
  const context = oauthContext(engine, runtime, organizationId);
  const minted = await method
    .mint(createOAuthClient(context, method, { credentials: fields }))
    .catch((error: unknown) => {
      throw refusedByVendor(error, method, runtime.definition.id);
    });
  return { ...minted, metadata: vendorFacts(minted.metadata), credentials: { ...fields, ...minted.credentials } };
}

/** Kinds whose credentials are handed in: typed, or brought back by a step in the browser. */
type ConnectMethod = FieldsMethod | MintMethod | BrowserMethod;

function isFields(method: AuthMethod): method is ConnectMethod {
  return method.kind !== 'oauth2';
}

/** The named method, or the first one whose fields cover those given; one that needs no others goes before. */
function chooseMethod(runtime: ProviderRuntime, input: ConnectInput): readonly [string, ConnectMethod] {
  const { id, auth } = runtime.definition;
  if (input.method !== undefined) {
    const method = methodOf(runtime, input.method);
    if (isFields(method)) return [input.method, method];
    throw invalidInput(
      `${id} connect`,
      [{ path: 'method', message: `\`${input.method}\` does not take credentials` }],
      `Use board.authorize('${id}', ...).`,
    );
  }
  const candidates = Object.entries(auth).filter((entry): entry is [string, ConnectMethod] => isFields(entry[1]));
  const given =
    typeof input.credentials === 'object' && input.credentials !== null ? Object.keys(input.credentials) : [];
  const covering = candidates.filter(([, { credentials, example }]) => {
    const names = Object.keys(at(jsonSchemaOf(credentials), 'properties') ?? example);
    return given.length > 0 && given.every((field) => names.includes(field));
  });
  const complete = covering.find(([, { credentials }]) => {
    const needed = (at(jsonSchemaOf(credentials), 'required') ?? []) as readonly string[];
    return needed.every((field) => given.includes(field));
  });
  const chosen = complete ?? covering[0] ?? candidates[0];
  if (chosen !== undefined) return chosen;
  throw invalidInput(
    `${id} connect`,
    [{ path: 'credentials', message: 'this provider connects by OAuth only' }],
    `Use board.authorize('${id}', ...).`,
  );
}

/** A refusal at connect is about what was typed, so it names the fields; outages stay what they are. */
function refusedByVendor(error: unknown, method: ConnectMethod, provider: string): unknown {
  if (!isPlugboardError(error) || error.kind !== 'auth') return error;
  // As the schema names them, so that a form finds its fields by one name whoever refused.
  const paths = Object.keys(method.example);
  return new PlugboardError({
    kind: 'invalid_request',
    code: 'credentials_refused',
    message: `${provider} refused the credentials (${error.code}).`,
    hint: `${error.hint ?? 'Check them at the vendor and enter them again.'} Nothing was stored.`,
    provider,
    fields: paths.map((path) => ({ path, message: 'refused by the vendor' })),
    ...(error.status !== undefined && { status: error.status }),
    ...(error.vendor !== undefined && { vendor: error.vendor }),
  });
}
