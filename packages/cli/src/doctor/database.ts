/** Tables, whose database it is, and whether the keys fit it. */
import { isPlugboardError } from '@plugboard/core/store-kit';

import { asPlugboardError } from '../failure.ts';
import type { Finding } from '../findings.ts';
import type { Board } from '../load-config.ts';

/** @returns whether the rows can be looked at. */
export async function checkDatabase({ operator }: Board, findings: Finding[]): Promise<boolean> {
  const { schema, store } = operator;
  try {
    if (schema !== null) {
      const version = await schema.version();
      findings.push(aboutTables(store, version, schema.latest));
      if (version === 0) return false;
    }
  } catch (error) {
    findings.push(failure('database', error));
    return false;
  }
  try {
    const { owner, newKeyIds } = await operator.checkKeys();
    findings.push(aboutOwner(store, owner, operator.environment), aboutKeys(operator.keyIds, newKeyIds));
    return true;
  } catch (error) {
    const about = isPlugboardError(error) && error.code === 'environment_mismatch' ? 'environment' : 'keys';
    findings.push(failure(isPlugboardError(error) && error.kind !== 'configuration' ? 'database' : about, error));
    return false;
  }
}

function aboutTables(store: string, version: number, latest: number): Finding {
  const about = 'database';
  if (version === latest) return { about, status: 'ok', message: `${store}, tables of version ${version}` };
  if (version > latest) {
    const message = `${store}: the tables have version ${version}, this release reads ${latest}`;
    return {
      about,
      status: 'warning',
      message,
      hint: 'A newer release has migrated them; it reads the same database.',
    };
  }
  const message =
    version === 0
      ? `${store} has no tables yet`
      : `${store}: the tables have version ${version}, this release needs ${latest}`;
  return { about, status: 'problem', message, hint: 'Run plugboard migrate.' };
}

function aboutOwner(store: string, owner: string | null, environment: string): Finding {
  const message =
    owner === null
      ? `no board has used this database yet; the first one to start makes it ${environment}'s`
      : `this ${store} database belongs to ${owner}`;
  return { about: 'environment', status: 'ok', message };
}

function aboutKeys(ring: readonly string[], fresh: readonly string[]): Finding {
  const [primary = '', ...others] = ring;
  const message = `${primary} seals${others.length === 0 ? '' : `, ${others.join(', ')} also open${others.length === 1 ? 's' : ''}`}`;
  const hint = fresh.length === 0 ? undefined : `The database has not met ${fresh.join(', ')} yet.`;
  return { about: 'keys', status: 'ok', message, hint };
}

function failure(about: string, error: unknown): Finding {
  const { message, code, hint } = asPlugboardError(error);
  return { about, status: 'problem', message: `${message} (${code})`, hint };
}
