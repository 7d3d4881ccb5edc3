/** The job `sync`: reads every registered stream of every live connection when it is due, a bounded number at a time. */
import { providerOf } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import type { Job, JobRun } from '../job.ts';
import type { Connection } from '../connections/view.ts';
import type { OwnedStream, StreamRow } from '../store-sync.ts';
import type { ConnectionRow } from '../store.ts';
import { leaseMs } from './hold.ts';
import { runStream, type SyncParts } from './run.ts';
import { streamOf, type Registration, type SyncService } from './service.ts';

/** Streams read at a time by one process, and those of one organization among them. */
const width = 8;
const widthPerOrganization = 2;
/** After this long a stream makes room for another, and goes on in its next turn. */
const turnMs = 60_000;
/** A run of the job takes nothing new after this long. */
const runMs = 120_000;
/** What still runs then is waited for so long, and counted on. */
const graceMs = 2 * turnMs;
const pollMs = 5_000;
/** How often connections are looked through for streams that nobody has planned: missed events, other processes. */
const seedMs = 10 * 60_000;
const scanned = 500;

/** Connections that can be read at all; the others are taken up once they work. */
const unusable: ReadonlySet<string> = new Set(['disconnected', 'expired', 'pending']);

export function createSyncJob(parts: SyncParts, service: SyncService): Job {
  const { engine } = parts;
  const { store, clock, events } = engine;
  const { registrations } = service;
  const seeded = new Set<string>();
  /** Work under way, by its organization: longer than one run of the job, should a handler never return. */
  const running = new Map<Promise<void>, string>();
  let seedAt = Number.NEGATIVE_INFINITY;
  let turn = 0;

  // What was just connected is read at once; a process that misses this finds it when it looks.
  const plan = ({ connection }: { readonly connection: Connection }) => store.sync.schedule(planned(connection));
  for (const name of ['connection.connected', 'connection.account_chosen', 'connection.recovered'] as const)
    events.on(name, plan);

  function planned({ provider, organizationId, id, status }: Connection | ConnectionRow): OwnedStream[] {
    if (unusable.has(status)) return [];
    return [...registrations.values()]
      .filter((registration) => registration.provider === provider)
      .map(({ stream }) => ({ organizationId, connectionId: id, stream }));
  }

  async function seed(signal: AbortSignal | undefined): Promise<void> {
    const names = [...registrations.keys()];
    if (clock.monotonic() < seedAt && names.every((name) => seeded.has(name))) return;
    for (const name of names) seeded.add(name);
    for (let after: string | null = null; signal?.aborted !== true;) {
      const rows: readonly ConnectionRow[] = await store.connections.scan(after, scanned);
      const visible = rows.filter((row) => !row.stub || engine.providers.get(row.provider)?.stub === true);
      const streams = visible.flatMap(planned);
      if (streams.length > 0) await store.sync.schedule(streams);
      const last = rows.at(-1);
      if (last === undefined || rows.length < scanned) break;
      after = last.id;
    }
    seedAt = clock.monotonic() + seedMs;
  }

  /** The next due stream, of each registration in turn. */
  async function claim(except: readonly string[]): Promise<{ row: StreamRow; registration: Registration } | null> {
    const all = [...registrations.values()];
    for (let tries = 0; tries < all.length; tries++) {
      const registration = all[turn++ % all.length];
      if (registration === undefined) break;
      const { provider, stream } = registration;
      const [row] = await store.sync.claimDue({ provider, stream, limit: 1, leaseMs, except });
      if (row !== undefined) return { row, registration };
    }
    return null;
  }

  async function read(row: StreamRow, registration: Registration, signal: AbortSignal | undefined): Promise<void> {
    const { provider, stream: name, handle, options, everyMs } = registration;
    const { organizationId, connectionId, leaseFence } = row;
    const runtime = providerOf(engine, provider);
    const connection = await store.connections.get(organizationId, connectionId);
    if (connection === null || unusable.has(connection.status) || (connection.stub && !runtime.stub)) {
      const key = { connectionId, stream: name };
      await store.sync.save(organizationId, key, { leaseFence, leaseMs: null }, { dueAt: null });
      return;
    }
    const stream = streamOf(engine, provider, name);
    const until = clock.monotonic() + turnMs;
    await runStream(parts, { runtime, connection, stream, handle, options, signal, everyMs, until }, row);
  }

  /** A failure is stored with its stream and heard by the host; the others go on. */
  async function attempt(row: StreamRow, registration: Registration, signal: AbortSignal | undefined): Promise<void> {
    try {
      await read(row, registration, signal);
    } catch (error) {
      if (isPlugboardError(error)) return;
      const { provider, connectionId, stream } = row;
      engine.log.error({ provider, connectionId, stream, ...errorFields(error) }, 'the handler of a stream failed');
    }
  }

  /** Until some work ends, or for that long. */
  async function settle(ms: number): Promise<void> {
    const nap = new AbortController();
    await Promise.race([...running.keys(), clock.sleep(ms, nap.signal).catch(() => undefined)]);
    nap.abort();
  }

  return {
    name: 'sync',
    description: 'Reads registered streams on.',
    everyMs: 15_000,
    parallel: true,
    async run(signal): Promise<JobRun> {
      if (registrations.size === 0) return { processed: 0, more: false };
      await seed(signal);
      const until = clock.monotonic() + runMs;
      let processed = 0;
      for (;;) {
        const aborted = signal?.aborted === true;
        const open = !aborted && clock.monotonic() < until;
        const found = open && running.size < width ? await claim(fullOf(running.values())) : null;
        if (found !== null) {
          processed += 1;
          const work = attempt(found.row, found.registration, signal);
          running.set(work, found.row.organizationId);
          void work.finally(() => running.delete(work));
          continue;
        }
        if (running.size === 0) return { processed, more: !open };
        if (!aborted && clock.monotonic() >= until + graceMs) return { processed, more: true };
        await settle(pollMs);
      }
    },
  };
}

/** Organizations that have as many running as they may. */
function fullOf(running: Iterable<string>): string[] {
  const counts = new Map<string, number>();
  for (const organizationId of running) counts.set(organizationId, (counts.get(organizationId) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= widthPerOrganization).map(([organizationId]) => organizationId);
}
