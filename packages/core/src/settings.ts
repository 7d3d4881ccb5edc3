/** Per-connection settings: validated by the provider's schema, with choices loaded live from the vendor. */
import { missingScopes } from './auth/scopes.ts';
import { createApi } from './client/api.ts';
import { liveRow, type ConnectionTarget } from './connections/live-row.ts';
import type { Sessions } from './connections/session.ts';
import { viewOf, type Connection } from './connections/view.ts';
import type { Engine, ProviderRuntime } from './engine.ts';
import { providerOf } from './engine.ts';
import { configurationError, invalidInput, PlugboardError } from './errors.ts';
import { checkFields } from './field-rules.ts';
import { member, type Json, type JsonObject } from './json.ts';
import { printable } from './printable.ts';
import type { Choice, SettingsDefinition } from './provider.ts';
import { checkInput, jsonSchemaOf } from './schema.ts';
import type { ConnectionRow } from './store.ts';

export interface SettingsService {
  get(provider: string, target: ConnectionTarget): Promise<JsonObject>;
  /** Replaces the named members, validates the whole, and stores it. Null removes a member. */
  update(provider: string, target: ConnectionTarget & { userId?: string; settings: JsonObject }): Promise<Connection>;
  /** What a field may hold, asked at the vendor now. */
  choices(provider: string, target: ConnectionTarget & { field: string }): Promise<readonly Choice[]>;
  /** JSON Schema of the settings, for forms. */
  schema(provider: string): JsonObject;
}

export function createSettings(engine: Engine, sessions: Sessions): SettingsService {
  return {
    async get(provider, target) {
      definitionOf(providerOf(engine, provider));
      return (await liveRow(engine, provider, target)).settings;
    },
    async update(provider, { settings, userId, ...target }) {
      const runtime = providerOf(engine, provider);
      const definition = definitionOf(runtime);
      checkFields(`${provider} settings`, { settings }, { settings: isObject });
      for (let turn = 0; turn < 5; turn++) {
        const row = await liveRow(engine, provider, target);
        const merged = withoutNulls({ ...row.settings, ...settings });
        const checked = checkInput(definition.schema, merged, `${provider} settings`) as JsonObject;
        requireSettingScopes(runtime, row, checked);
        const stored = await engine.store.connections.update(
          row.organizationId,
          row.id,
          { version: row.version },
          { settings: checked },
        );
        if (stored === null) continue;
        sessions.forget(row);
        return announce(engine, stored, Object.keys(settings), { before: row.settings, actor: userId ?? 'system' });
      }
      throw new PlugboardError({
        kind: 'conflict',
        code: 'connection_busy',
        message: 'The settings are being changed by somebody else.',
        retryable: true,
      });
    },
    async choices(provider, { field, ...target }) {
      const runtime = providerOf(engine, provider);
      const { choices = {} } = definitionOf(runtime);
      const load = Object.hasOwn(choices, field) ? choices[field] : undefined;
      if (load === undefined) {
        throw invalidInput(`${provider} settings`, [{ path: printable(field), message: 'has no live choices' }]);
      }
      const { organizationId, label } = await liveRow(engine, provider, target);
      const session = sessions.of(runtime, { organizationId, label });
      return load(createApi(engine, session, await session.access(), `settings.${field}`));
    },
    schema(provider) {
      return jsonSchemaOf(definitionOf(providerOf(engine, provider)).schema) ?? {};
    },
  };
}

function isObject(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be an object';
}

function definitionOf({ definition }: ProviderRuntime): SettingsDefinition {
  const settings = definition.settings as SettingsDefinition | undefined;
  if (settings !== undefined) return settings;
  throw configurationError('no_settings', `Provider \`${definition.id}\` has no settings.`, 'Nothing to do.');
}

function requireSettingScopes(runtime: ProviderRuntime, row: ConnectionRow, settings: JsonObject): void {
  const needed = Object.entries(definitionOf(runtime).scopes ?? {})
    .filter(([field]) => member(settings, field) !== undefined && member(settings, field) !== false)
    .flatMap(([, scopes]) => scopes);
  const missing = missingScopes(runtime.definition.auth[row.method], needed, row.scopes);
  if (missing.length === 0) return;
  throw new PlugboardError({
    kind: 'permission',
    code: 'insufficient_scope',
    message: `These settings need scopes that were not granted: ${missing.join(', ')}.`,
    hint: 'Start the connect flow again asking for these scopes.',
    provider: row.provider,
    missingScopes: missing,
  });
}

async function announce(
  engine: Engine,
  row: ConnectionRow,
  changed: readonly string[],
  change: { before: JsonObject; actor: string },
): Promise<Connection> {
  const connection = viewOf(row);
  const pick = (settings: JsonObject) =>
    Object.fromEntries(changed.map((name) => [name, (member(settings, name) ?? null) as Json]));
  await engine.events.audit({
    organizationId: row.organizationId,
    connectionId: row.id,
    provider: row.provider,
    type: 'connection.settings_changed',
    actor: change.actor,
    data: { before: pick(change.before), after: pick(row.settings) },
  });
  await engine.events.emit('connection.settings_changed', { connection, changed });
  return connection;
}

function withoutNulls(settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}
