/** Rows out of the replies of scripts, whose first value is the time at which they were read. */
import { isPlugboardError } from '@plugboard/core/store-kit';

import { readDate, readList } from './read-value.ts';
import { mostInScript } from './script.ts';

type Decode<Row> = (reply: unknown, readAt: Date) => Row;

/** A row that is not there is null in a reply. */
export function rowsOf<Row>(reply: unknown, decode: Decode<Row>): Row[] {
  const [time, ...rows] = readList(reply);
  return rows.filter((row) => row !== null).map((row) => decode(row, readDate(time)));
}

/**
 * Claims until there are enough rows or no more, so many in a script.
 * @param claim given how many to claim and what was claimed so far, answers the time, how many were met, and the rows.
 */
export async function claimRows<Row>(
  limit: number,
  claim: (most: number, claimed: readonly Row[]) => Promise<unknown>,
  decode: Decode<Row>,
): Promise<Row[]> {
  const claimed: Row[] = [];
  let failure: Error | undefined;
  for (let asked = 0; asked < limit;) {
    const most = Math.min(limit - asked, mostInScript);
    const [time, met, ...rows] = readList(await claim(most, claimed));
    for (const row of rows) {
      try {
        claimed.push(decode(row, readDate(time)));
      } catch (error) {
        // One row that is not as we wrote it must not keep the others of its batch from their turn.
        if (!isPlugboardError(error)) throw error;
        failure = error;
      }
    }
    asked += Number(met);
    if (Number(met) < most) break;
  }
  if (claimed.length === 0 && failure !== undefined) throw failure;
  return claimed;
}
