import { checkDue, isPlugboardError, type ConnectionRow, type ConnectionStore } from '@plugboard/core/store-kit';

import { claimScript } from './claim-script.ts';
import { decodeRow } from './fields.ts';
import { readDate, readList } from './read-value.ts';
import { mostInScript } from './script.ts';
import type { Session } from './session.ts';

export function createClaimDue(run: Session['run']): ConnectionStore['claimDue'] {
  return async (request) => {
    checkDue(request);
    const { limit, leaseMs, perOrganization = limit, provider = '' } = request;
    const claimed: ConnectionRow[] = [];
    let failure: unknown;
    for (let asked = 0; asked < limit;) {
      const most = Math.min(limit - asked, mostInScript);
      const counts = Map.groupBy(claimed, (row) => row.organizationId);
      const served = perOrganization < limit ? [...counts].flatMap(([name, rows]) => [name, rows.length]) : [];
      const reply = await run(claimScript, leaseMs, most, perOrganization, provider, ...served);
      const [time, chosen, ...rows] = readList(reply);
      for (const row of rows) {
        try {
          claimed.push(decodeRow(row, new Date(readDate(time))));
        } catch (error) {
          // One row that is not as we wrote it must not keep the others of its batch from their turn.
          if (!isPlugboardError(error)) throw error;
          failure = error;
        }
      }
      asked += Number(chosen);
      if (Number(chosen) < most) break;
    }
    if (claimed.length === 0 && failure !== undefined) throw failure;
    return claimed;
  };
}
