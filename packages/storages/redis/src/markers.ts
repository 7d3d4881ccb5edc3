import { checkMarker, checkMarkerPrefix, type Store } from '@plugboard/core/store-kit';

import { readList, readText } from './read-value.ts';
import { readScript, writeScript } from './script.ts';
import type { Session } from './session.ts';

const remember = writeScript(`
redis.call('HSETNX', base .. 'markers', ARGV[2], ARGV[3])
return redis.call('HGET', base .. 'markers', ARGV[2])`);
const all = readScript(`return redis.call('HGETALL', base .. 'markers')`);

export function createMarkers({ run }: Session): Pick<Store, 'remember' | 'remembered'> {
  return {
    async remember(name, value) {
      checkMarker(name, value);
      return readText(await run(remember, name, value));
    },
    /** All are read: there is one for each key of the vault, and few others. */
    async remembered(prefix) {
      checkMarkerPrefix(prefix);
      const texts = readList(await run(all)).map(readText);
      const pairs = Array.from(
        { length: texts.length / 2 },
        (_, index) => [texts[index * 2] ?? '', texts[index * 2 + 1] ?? ''] as const,
      );
      return new Map(pairs.filter(([name]) => name.startsWith(prefix)));
    },
  };
}
