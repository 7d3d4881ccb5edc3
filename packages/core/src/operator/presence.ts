/** Which processes live, and what each of them can open: what the rotation of a key has to know. */
import type { Cancel } from '../clock.ts';
import type { Engine } from '../engine.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import { member, parseJson, text, type Json } from '../json.ts';
import { randomToken } from '../random.ts';
import { version } from '../version.ts';

/** A process whose board was started, or runs jobs, as it described itself. */
export interface LiveProcess {
  /** Random, drawn at start. */
  readonly id: string;
  /** What the host calls it: `processLabel` of the board. */
  readonly label: string | null;
  /** Of @plugboard/core. */
  readonly version: string;
  readonly mode: string;
  readonly environment: string;
  /** Its key ring, in order: the first one seals. */
  readonly keyIds: readonly string[];
  /** By the store's clock, like `lastSeenAt`. */
  readonly startedAt: Date | null;
  readonly lastSeenAt: Date | null;
}

export interface Presence {
  /**
   * Begins to tell, and goes on until `leave`.
   * @param forMs Goes on for so long after the last of these calls instead.
   */
  join(forMs?: number): void;
  /** Takes the process off the list. */
  leave(): Promise<void>;
  list(): Promise<readonly LiveProcess[]>;
  /**
   * @throws PlugboardError `key_in_use` while a live process cannot open what the primary key seals, or still seals with
   * the key.
   */
  assertNobodyNeeds(keyId: string): Promise<void>;
}

/** Between two signs of life. */
const beatMs = 30_000;
/** Who missed three signs is gone. */
const lifeMs = 100_000;
const prefix = 'process:';
const mostListed = 1_000;

/** @param ready Resolves once the keys are known to fit the store; nothing is written before. */
export function createPresence(
  engine: Engine,
  { ready, label }: { readonly ready: () => Promise<void>; readonly label: string | undefined },
): Presence {
  let member: Member | undefined;

  async function list(): Promise<readonly LiveProcess[]> {
    const entries = await engine.store.once.entries(prefix, mostListed);
    const found = [...entries].map(([key, value]) => readProcess(key.slice(prefix.length), value));
    return found.toSorted((a, b) => (a.startedAt?.getTime() ?? 0) - (b.startedAt?.getTime() ?? 0));
  }

  return {
    join(forMs = Number.POSITIVE_INFINITY) {
      if (member?.extend(forMs) === true) return;
      member = startBeating(engine, { ready, label, forMs });
    },
    async leave() {
      const leaving = member;
      member = undefined;
      await leaving?.end();
    },
    list,
    async assertNobodyNeeds(keyId) {
      const { primaryKeyId } = engine.vault;
      const behind = (await list()).filter(
        ({ keyIds }) => !keyIds.includes(primaryKeyId) || (keyIds[0] === keyId && keyId !== primaryKeyId),
      );
      if (behind.length > 0) throw stillRunning(keyId, primaryKeyId, behind);
    },
  };
}

interface Member {
  /** False when it has gone silent already. */
  extend(forMs: number): boolean;
  end(): Promise<void>;
}

interface MemberOptions {
  readonly ready: () => Promise<void>;
  readonly label: string | undefined;
  readonly forMs: number;
}

function startBeating(engine: Engine, { ready, label, forMs }: MemberOptions): Member {
  const { store, clock, vault, log } = engine;
  const id = randomToken(12);
  const key = prefix + id;
  let ended = false;
  let silent = false;
  let until = clock.monotonic() + forMs;
  let failing = false;
  let cancel: Cancel | undefined;
  let startedAt: string | undefined;
  let beating: Promise<void>;

  async function tell(): Promise<void> {
    await ready();
    const lastSeenAt = (await store.now()).toISOString();
    startedAt ??= lastSeenAt;
    const { mode, environment } = engine;
    const about = { label: label ?? null, version, mode, environment, keyIds: vault.keyIds, startedAt, lastSeenAt };
    if (!ended) await store.once.set(key, JSON.stringify(about), lifeMs);
  }

  async function beat(): Promise<void> {
    try {
      await tell();
      failing = false;
    } catch (error) {
      // Once for each outage, not twice a minute.
      if (!failing) log.warn(errorFields(error), 'this process could not tell that it lives');
      failing = true;
    }
    silent = clock.monotonic() >= until;
    if (ended || silent) return;
    cancel = clock.after(beatMs * (0.9 + 0.2 * clock.random()), () => {
      beating = beat();
    });
  }

  beating = beat();
  return {
    extend(ms) {
      until = Math.max(until, clock.monotonic() + ms);
      return !silent;
    },
    async end() {
      ended = true;
      cancel?.();
      // What is being written would otherwise come back after it was taken off.
      await beating;
      if (startedAt === undefined) return;
      await store.once.take(key).catch((error: unknown) => {
        log.warn(errorFields(error), 'this process could not take itself off the list; it ends there by itself');
      });
    },
  };
}

/** What another release wrote is read as far as it goes: a ring that cannot be read knows no key. */
function readProcess(id: string, value: string): LiveProcess {
  const about = parseJson(value) as Json;
  const say = (name: string) => text(member(about, name));
  const keyIds = member(about, 'keyIds');
  return {
    id,
    label: say('label') ?? null,
    version: say('version') ?? 'unknown',
    mode: say('mode') ?? 'unknown',
    environment: say('environment') ?? 'unknown',
    keyIds: Array.isArray(keyIds) ? keyIds.filter((keyId): keyId is string => typeof keyId === 'string') : [],
    startedAt: readDate(say('startedAt')),
    lastSeenAt: readDate(say('lastSeenAt')),
  };
}

function readDate(iso: string | undefined): Date | null {
  const date = new Date(iso ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

function stillRunning(keyId: string, primaryKeyId: string, behind: readonly LiveProcess[]): PlugboardError {
  const names = behind.slice(0, 5).map(({ label, id }) => label ?? id);
  const more = behind.length > names.length ? ` and ${behind.length - names.length} more` : '';
  return configurationError(
    'key_in_use',
    `${behind.length} live process${behind.length === 1 ? ' does' : 'es do'} not seal with a newer key than ${keyId}: ${names.join(', ')}${more}.`,
    `Deploy the ring with ${primaryKeyId} first everywhere, and ask again. A process that was killed is forgotten after ${lifeMs / 1000} seconds.`,
  );
}
