/** One pass over all connections: what they need that is not there. */
import type { Context } from '../command.ts';
import { throwIfAborted } from '../failure.ts';
import type { Finding } from '../findings.ts';
import type { Board } from '../load-config.ts';
import { count } from '../terminal.ts';

export async function checkConnections({ signal }: Context, { operator }: Board): Promise<readonly Finding[]> {
  const about = 'connections';
  const known = new Set(operator.providers.map(({ id }) => id));
  const ring = new Set(operator.keyIds);
  const [primary] = operator.keyIds;
  const statuses = new Map<string, number>();
  const keys = new Map<string, number>();
  const gone = new Map<string, number>();
  let all = 0;
  let stubs = 0;
  let malformed = 0;
  for await (const { status, keyId, credentials, provider, usable } of operator.connections()) {
    throwIfAborted(signal);
    all++;
    if (credentials === 'malformed') malformed++;
    if (keyId !== null) add(keys, keyId);
    if (!known.has(provider)) add(gone, provider);
    else if (!usable) stubs++;
    else add(statuses, status);
  }
  const findings: Finding[] = [
    {
      about,
      status: 'ok',
      message: all === 0 ? 'none yet' : `${count(all, 'connection')}: ${listOf(statuses) || 'none usable'}`,
    },
  ];
  const lost = [...keys].filter(([keyId]) => !ring.has(keyId));
  if (lost.length > 0) {
    const message = `sealed with keys that the ring lacks: ${listOf(new Map(lost))}`;
    findings.push({
      about: 'keys',
      status: 'problem',
      message,
      hint: 'Put these keys back into the ring, behind the first one.',
    });
  }
  if (malformed > 0) {
    findings.push({
      about: 'keys',
      status: 'problem',
      message: `rows that hold no sealed value: ${malformed}`,
      hint: 'Their organizations have to connect again.',
    });
  }
  const older = [...keys].filter(([keyId]) => ring.has(keyId) && keyId !== primary);
  if (older.length > 0) {
    const message = `sealed with older keys: ${listOf(new Map(older))}`;
    findings.push({
      about: 'keys',
      status: 'ok',
      message,
      hint: 'plugboard vault reseal brings them to the first key.',
    });
  }
  if (stubs > 0) {
    const message = `${count(stubs, 'row')} made by stand-ins of vendors; here they are not used`;
    findings.push({
      about,
      status: 'warning',
      message,
      hint: 'A board in development has used this database. Their organizations have to connect again.',
    });
  }
  if (gone.size > 0) {
    const message = `of providers that the board does not have: ${listOf(gone)}`;
    findings.push({
      about,
      status: 'warning',
      message,
      hint: 'Put the providers back to disconnect them, so that the vendors hear of it.',
    });
  }
  return findings;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function listOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, number]) => `${number.toLocaleString('en-US')} ${name}`).join(', ');
}
