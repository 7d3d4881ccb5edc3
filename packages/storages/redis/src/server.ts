/** What the server must be before anything is trusted to it. */
import { configurationError, isPlugboardError } from '@plugboard/core/store-kit';

import type { Redis } from './drivers.ts';
import { readText } from './read-value.ts';
import { writeScript, type Script, type ScriptArgument } from './script.ts';

export interface RedisReport {
  readonly version: string;
  /** `maxmemory-policy`; null where Redis does not tell. */
  readonly evictionPolicy: string | null;
  /** Whether Redis logs each write to disk (`appendonly`); null where it does not tell. */
  readonly appendOnly: boolean | null;
  /** What may cost data, in words. */
  readonly warnings: readonly string[];
}

interface Server {
  readonly redis: Redis;
  execute(script: Script, args: readonly ScriptArgument[]): Promise<unknown>;
}

const oldest = 7;
/** Of the keys and their values; another version of the package may know others. */
const format = '1';

/** INFO within a script asks the very node that holds our keys. */
const greet = writeScript(`
local info = redis.pcall('INFO')
if type(info) ~= 'string' then info = '' end
local function told(name) return string.match(info, name .. ':([%w%.-]+)') or '' end
if not redis.REDIS_VERSION then return {told('redis_version'), '', '', ARGV[2]} end
redis.call('SETNX', base .. 'format', ARGV[2])
return {redis.REDIS_VERSION, told('maxmemory_policy'), told('aof_enabled'), redis.call('GET', base .. 'format')}`);

export interface ServerOptions {
  /** Says that Redis never evicts keys where it does not tell: where INFO and CONFIG are both refused. */
  readonly acknowledgeEviction?: boolean;
}

export async function checkServer(server: Server, options: ServerOptions): Promise<RedisReport> {
  const reply = (await server.execute(greet, [format])) as readonly unknown[];
  const [version = '', told = '', logs = '', found = ''] = reply.map(readText);
  // Not «below»: what tells no version at all is refused too.
  if (!(Number.parseInt(version, 10) >= oldest)) {
    throw configurationError(
      'redis_too_old',
      `This is Redis ${version === '' ? 'of unknown version' : version}; the store needs ${oldest} or later.`,
      'Upgrade Redis, or use Valkey.',
    );
  }
  if (found !== format) {
    throw configurationError(
      'unknown_format',
      'The keys below the prefix of the store were written by another version of this package.',
      'Use that version, or another prefix.',
    );
  }
  const evictionPolicy = told === '' ? await askConfig(server.redis) : told;
  checkEviction(evictionPolicy, options.acknowledgeEviction === true);
  const appendOnly = logs === '' ? null : logs === '1';
  const warnings = appendOnly === false ? [withoutLog] : [];
  return { version, evictionPolicy, appendOnly, warnings };
}

const withoutLog =
  'Redis keeps no log of its writes (appendonly no): after a crash it has forgotten the newest credentials, of which many cannot be renewed. Set `appendonly yes`.';

function checkEviction(policy: string | null, acknowledged: boolean): void {
  if (policy === 'noeviction' || (policy === null && acknowledged)) return;
  if (policy === null) {
    throw configurationError(
      'eviction_unknown',
      'Redis does not tell its `maxmemory-policy`: INFO and CONFIG are both refused.',
      'Make sure that it is `noeviction`, then pass `acknowledgeEviction: true`; or let the user run INFO.',
    );
  }
  throw configurationError(
    'eviction_policy',
    `Redis deletes keys when its memory is full (maxmemory-policy ${policy}), connections among them.`,
    'Set `maxmemory-policy noeviction` (at managed services in the parameter group), or use a Redis of its own.',
  );
}

/** Null where CONFIG is refused. */
async function askConfig(redis: Redis): Promise<string | null> {
  try {
    const reply = await redis.send(['CONFIG', 'GET', 'maxmemory-policy']);
    // A list, or with RESP 3 a map, which clients hand out in several ways.
    const parts: readonly unknown[] = Array.isArray(reply) ? reply : Object.values(Object(reply) as object);
    const policy = parts.at(-1);
    return policy === undefined ? null : readText(policy);
  } catch (error) {
    if (isPlugboardError(error) && error.kind === 'configuration') return null;
    throw error;
  }
}
