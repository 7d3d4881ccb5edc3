/** What is wrong with the options of a board. */
import type { Engine, Mode } from './engine.ts';
import { printable } from './printable.ts';
import { configurationError } from './errors.ts';
import { checkFields, integer, text, optional, type Rule } from './field-rules.ts';
import type { Job, JobName } from './job.ts';

/** @throws PlugboardError kind `configuration`, code `invalid_url`. */
export function checkUrl(url: unknown, mode: Mode): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const problem =
    parsed === undefined
      ? 'is not an absolute URL'
      : parsed.search !== '' || parsed.hash !== '' || parsed.username !== ''
        ? 'must have no query, fragment or user'
        : parsed.protocol !== 'https:' && (mode === 'production' || parsed.protocol !== 'http:')
          ? 'must be https'
          : undefined;
  if (problem === undefined && parsed !== undefined) return parsed.href.replace(/(?<!\/)\/+$/, '');
  const plain = parsed?.protocol === 'http:' && mode === 'production';
  throw configurationError(
    'invalid_url',
    `Option \`url\` ${problem}.`,
    `Pass the public address where the routes are mounted: https://app.example.com/integrations${plain ? '. On your own machine set NODE_ENV=development: then http will do, and stand-ins answer for vendors without credentials.' : ''}`,
  );
}

/** Where an organization connects anew, below the board's own address. */
export function reconnectUrlAt(url: string): Engine['reconnectUrl'] {
  return ({ provider, label }) => {
    const query = label === 'default' ? '' : `?label=${encodeURIComponent(label)}`;
    return `${url}/connect/${provider}${query}`;
  };
}

/** What the host calls this process. */
export function checkLabel(label: string | undefined): string | undefined {
  checkFields('The board', { processLabel: label }, { processLabel: optional(text(100)) });
  return label;
}

const minuteMs = 60_000;
const wholeMinutes: Rule = (value) =>
  integer(minuteMs, 60 * minuteMs)(value) ?? (Number(value) % minuteMs === 0 ? undefined : 'must be whole minutes');

/** How long what was opened is remembered, and how long a flow may take. */
export function checkTimes({ cacheMs = 5_000, flowMs = 10 * minuteMs }: Partial<Pick<Engine, 'cacheMs' | 'flowMs'>>) {
  const times = { cacheMs, flowMs };
  checkFields('The board', times, { cacheMs: integer(0), flowMs: wholeMinutes });
  return times;
}

/**
 * Which of the jobs were asked for; all unless some are named.
 * @throws PlugboardError kind `configuration`: `invalid_option`, `unknown_job`.
 */
export function jobsOf(jobs: readonly Job[], asked: { readonly jobs?: readonly JobName[] } = {}): readonly Job[] {
  checkAsked('start', asked);
  const { jobs: names } = asked;
  if (names === undefined) return jobs;
  const known = `Jobs are: ${jobs.map((each) => each.name).join(', ')}.`;
  if (!Array.isArray(names)) throw configurationError('invalid_option', 'Option `jobs` is no list of names.', known);
  return (names as readonly JobName[]).map((name) => {
    const job = jobs.find((each) => each.name === name);
    if (job !== undefined) return job;
    throw configurationError('unknown_job', `There is no job \`${printable(name)}\`.`, known);
  });
}

/** @throws PlugboardError kind `configuration`, code `invalid_option`. */
export function stopWithin(asked: { readonly deadlineMs?: number } = {}): number {
  checkAsked('stop', asked);
  const { deadlineMs = 60_000 } = asked;
  if (typeof deadlineMs === 'number' && deadlineMs >= 0) return deadlineMs;
  throw configurationError(
    'invalid_option',
    'Option `deadlineMs` of `stop` is no number of milliseconds.',
    'Write a number from 0 on, or leave it out for 60,000.',
  );
}

function checkAsked(call: string, asked: unknown): void {
  if (typeof asked === 'object' && asked !== null) return;
  throw configurationError(
    'invalid_option',
    `\`${call}\` got no object of options.`,
    'Pass an object, or nothing for the defaults.',
  );
}

/** A store of the host's own, from before there was an inbox, works as it did. */
export function warnOfNoInbox({ providers, store, log }: Engine): void {
  if (![...providers.values()].some(({ definition }) => definition.webhooks !== undefined)) return;
  const message =
    'the store has no `inbox`: webhook events whose handlers keep failing are lost when the vendor gives up';
  log.warn({ store: store.name }, message);
}

export function memoryStoreError(name: string) {
  return configurationError(
    'memory_store_in_production',
    `The store \`${name}\` keeps connections in this process only.`,
    'Use @plugboard/storage-postgres, or set acknowledgeSingleProcess: true if losing them at restart is fine.',
  );
}

export function noCapability(provider: string, name: string) {
  return configurationError(
    'no_capability',
    `Provider \`${printable(provider)}\` has no capability \`${printable(name)}\`.`,
    'Name a provider that has it.',
  );
}
