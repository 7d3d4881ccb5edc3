import { checkMarker, checkMarkerPrefix, type Store } from '@plugboard/core/store-kit';

import { statement } from './connections-sql.ts';
import { readText } from './read-value.ts';
import type { Session } from './session.ts';

export function createMarkers({ database, names }: Session): Pick<Store, 'remember' | 'remembered'> {
  const table = names.tables.markers;
  const insert = statement(`
    insert into ${table} (name, value) values ($1::text, $2::text) on conflict (name) do nothing returning value`);
  const select = statement(`select value from ${table} where name = $1::text`);
  const list = statement(`select name, value from ${table} where starts_with(name, $1::text)`);

  return {
    async remember(name, value) {
      checkMarker(name, value);
      const stored = await database.query({ statement: insert, values: [name, value] });
      // A statement of its own: it sees the row of whoever was faster, which the first one does not.
      const [row] = stored.length > 0 ? stored : await database.query({ statement: select, values: [name] });
      return row === undefined ? value : readText(row[0]);
    },
    async remembered(prefix) {
      checkMarkerPrefix(prefix);
      const rows = await database.query({ statement: list, values: [prefix] });
      return new Map(rows.map(([name, value]) => [readText(name), readText(value)]));
    },
  };
}
