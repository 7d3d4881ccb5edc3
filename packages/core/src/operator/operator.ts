/** What operators of a deployment see and their users must not: everything here crosses organizations. */
import { viewOf, type Connection } from '../connections/view.ts';
import { checkId, type Engine } from '../engine.ts';
import { setupOf, type ProviderSetup } from '../runtimes.ts';
import type { ConnectionRow, ConnectionStatus, StoreSchema } from '../store.ts';
import { compareKeys, newKeyIds, ownerOf, type KeyComparison } from '../vault/check-keys.ts';
import { version } from '../version.ts';
import type { LiveProcess, Presence } from './presence.ts';
import { webhookSetupOf, type WebhookSetup } from './webhook-setup.ts';

export interface OperatorConnection extends Connection {
  /** The key that seals its credentials; null when there are none, or the bytes are no sealed value. */
  readonly keyId: string | null;
  readonly credentials: 'sealed' | 'malformed' | 'none';
  /** The board uses it: its provider is on the board, and no stub made it for a production board. */
  readonly usable: boolean;
}

export interface OperatorFilter {
  readonly organizationId?: string;
  readonly provider?: string;
  readonly label?: string;
  readonly status?: ConnectionStatus;
}

export interface ProviderReport extends ProviderSetup {
  readonly id: string;
  /** Null where the vendor sends none. */
  readonly webhooks: WebhookSetup | null;
}

export interface KeyReport {
  /** The environment that the database belongs to; null while no board has used it. */
  readonly owner: string | null;
  /** Keys of the ring that the database has not met. */
  readonly newKeyIds: readonly string[];
}

export interface Operator {
  /** Of @plugboard/core. */
  readonly version: string;
  /** Name of the store: `memory`, `postgres`. */
  readonly store: string;
  /** Name of the deployment, which every sealed value is bound to. */
  readonly environment: string;
  /**
   * Whether this process may use the store, as `ready` finds out, but without a write.
   * @throws PlugboardError codes `environment_mismatch`, `key_mismatch`, `duplicate_keys`, `key_unavailable` ...
   */
  checkKeys(): Promise<KeyReport>;
  /** The tables of the store; null where it has none, or keeps them by other means. */
  readonly schema: StoreSchema | null;
  /** Ids of the key ring, in order: the first one seals. */
  readonly keyIds: readonly string[];
  readonly providers: readonly ProviderReport[];
  /** Connections of all organizations, one page of the store at a time; also ended ones, and what stubs made. */
  connections(filter?: OperatorFilter): AsyncIterable<OperatorConnection>;
  /** Processes that live: those whose board was started or runs jobs. */
  processes(): Promise<readonly LiveProcess[]>;
}

const page = 200;

/** Looks and never writes, so it waits for no `ready`, which lays down what the database has not met. */
export function createOperator(engine: Engine, presence: Presence): Operator {
  const { store, vault } = engine;
  let compared: Promise<KeyComparison> | undefined;
  const compare = () =>
    (compared ??= compareKeys(vault, store).catch((error: unknown) => {
      compared = undefined;
      throw error;
    }));

  const viewFor = (row: ConnectionRow): OperatorConnection => {
    const runtime = engine.providers.get(row.provider);
    const keyId = row.credentials === null ? null : vault.keyIdOf(row.credentials);
    const credentials = row.credentials === null ? 'none' : keyId === null ? 'malformed' : 'sealed';
    return {
      ...viewOf(row),
      keyId,
      credentials,
      usable: runtime !== undefined && (!row.stub || runtime.stub),
    };
  };

  async function* rowsOf({ organizationId, provider, status }: OperatorFilter): AsyncGenerator<ConnectionRow> {
    if (organizationId !== undefined) {
      const filter = { limit: page, ...(provider !== undefined && { provider }), ...(status && { status }) };
      for (let cursor: string | null | undefined; cursor !== null;) {
        const found = await store.connections.list(organizationId, { ...filter, ...(cursor && { cursor }) });
        yield* found.items;
        cursor = found.nextCursor;
      }
      return;
    }
    for (let after: string | null = null; ;) {
      const rows = await store.connections.scan(after, page);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  return {
    version,
    store: store.name,
    environment: engine.environment,
    async checkKeys() {
      const compared = await compare();
      return { owner: ownerOf(compared), newKeyIds: newKeyIds(vault, compared) };
    },
    schema: store.schema ?? null,
    keyIds: vault.keyIds,
    providers: [...engine.providers].map(([id, runtime]) => ({
      id,
      ...setupOf(runtime),
      webhooks: webhookSetupOf(runtime),
    })),
    async *connections(filter = {}) {
      const { organizationId, provider, label, status } = filter;
      if (organizationId !== undefined) checkId(organizationId, 'organizationId');
      if (label !== undefined) checkId(label, 'label');
      await compare();
      for await (const row of rowsOf(filter)) {
        const wanted =
          (provider === undefined || row.provider === provider) &&
          (label === undefined || row.label === label) &&
          (status === undefined || row.status === status);
        if (wanted) yield viewFor(row);
      }
    },
    async processes() {
      await compare();
      return presence.list();
    },
  };
}
