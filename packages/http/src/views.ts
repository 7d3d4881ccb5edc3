/** What a page of the host may know of connections and providers, in the shapes of `schemas.ts`. */
import { jsonSchemaOf, type AnyProvider, type AuthMethod, type Connection, type JsonObject } from '@plugboard/core';
import type { ProviderSetup, Schema, StreamStatus } from '@plugboard/core';

import type { ConnectionView, MethodView, ProviderView, StreamView } from './schemas.ts';

export function streamView({ lastError, startedAt, finishedAt, nextAt, ...counts }: StreamStatus): StreamView {
  const { stream, state, records, pages } = counts;
  const failure = lastError === null ? null : { code: lastError.code, at: lastError.at };
  const moments = { startedAt: textOf(startedAt), finishedAt: textOf(finishedAt), nextAt: textOf(nextAt) };
  return { stream, state, records, pages, ...moments, lastError: failure };
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
    connectedAt: textOf(connectedAt),
    disconnectedAt: textOf(disconnectedAt),
    lastSyncAt: textOf(lastSyncAt),
    expiresAt: textOf(expiresAt),
    stub,
  };
}

function textOf(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
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
