/** What a page of the host may know: an allow-list, so that a new column stays inside until somebody decides. */
import { jsonSchemaOf, type AnyProvider, type AuthMethod, type Connection, type JsonObject } from '@plugboard/core';
import type { ProviderSetup, Schema } from '@plugboard/core';

export interface ConnectionView extends Pick<
  Connection,
  | 'id'
  | 'label'
  | 'method'
  | 'status'
  | 'reason'
  | 'account'
  | 'scopes'
  | 'settings'
  | 'health'
  | 'connectedAt'
  | 'disconnectedAt'
  | 'lastSyncAt'
  | 'expiresAt'
  | 'stub'
> {
  readonly lastError: { readonly code: string; readonly at: string } | null;
}

/** One way to connect. */
export interface MethodView {
  readonly name: string;
  readonly kind: AuthMethod['kind'];
  readonly title: string;
  /** JSON Schema of what the user fills in: the credentials, or what the vendor needs before the step in the browser. */
  readonly fields: JsonObject | null;
  /** What OAuth asks for by default, each scope with its reason; null for other kinds. */
  readonly scopes: Readonly<Record<string, string>> | null;
}

export interface ProviderView extends ProviderSetup {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly summary: string;
  readonly docs: { readonly home: string; readonly keys: string };
  readonly methods: readonly MethodView[];
  /** JSON Schema of the settings, and the names of those with live choices; null when there are none. */
  readonly settings: { readonly schema: JsonObject | null; readonly choices: readonly string[] } | null;
  /** Where the vendor sends its webhooks; null when there are none. */
  readonly webhookUrl: string | null;
}

export function connectionView(connection: Connection): ConnectionView {
  const { id, label, method, status, reason, account, scopes, settings, health, stub } = connection;
  const { connectedAt, disconnectedAt, lastSyncAt, expiresAt, lastError } = connection;
  return {
    id,
    label,
    method,
    status,
    reason,
    account,
    scopes,
    settings,
    health,
    lastError: lastError === null ? null : { code: lastError.code, at: lastError.at },
    connectedAt,
    disconnectedAt,
    lastSyncAt,
    expiresAt,
    stub,
  };
}

export function providerView({ definition }: AnyProvider, setup: ProviderSetup, boardUrl: string): ProviderView {
  const { id, name, category, summary, docs, auth, webhooks } = definition;
  return {
    id,
    name,
    category,
    summary,
    docs: { home: docs.home, keys: docs.keys },
    ...setup,
    methods: Object.entries(auth).map(([method, declared]) => methodView(method, declared)),
    settings: settingsView(definition),
    webhookUrl: webhooks === undefined ? null : `${boardUrl}/webhooks/${id}`,
  };
}

function methodView(name: string, method: AuthMethod): MethodView {
  const byBrowser = method.kind === 'oauth2' || method.kind === 'browser';
  const schema = byBrowser ? method.input : method.credentials;
  return {
    name,
    kind: method.kind,
    title: method.title,
    fields: schemaOf(schema),
    scopes: method.kind === 'oauth2' ? reasons(method.scopes) : null,
  };
}

function reasons({ ask, known }: { ask: readonly string[]; known: Readonly<Record<string, string>> }) {
  return Object.fromEntries(ask.map((scope) => [scope, known[scope] ?? '']));
}

function settingsView({ settings }: AnyProvider['definition']): ProviderView['settings'] {
  if (settings === undefined) return null;
  return { schema: schemaOf(settings.schema as Schema), choices: Object.keys(settings.choices ?? {}) };
}

function schemaOf(schema: Schema | undefined): JsonObject | null {
  return schema === undefined ? null : (jsonSchemaOf(schema) ?? null);
}
