import { configurationError, systemClock } from '@plugboard/core/store-kit';
import type { ResealReport } from '@plugboard/core';

import type { Run } from '../command.ts';
import { exitCodes, interruptedError } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { count } from '../terminal.ts';

/** What a refresh holds is free again after this time, at the latest with the lease. */
const betweenPassesMs = 5_000;
const mostPasses = 5;

export const reseal: Run = async ({ terminal, values, json, signal, board }) => {
  const { vault, operator } = await board();
  const [primary = ''] = operator.keyIds;
  const to = values.text('to') ?? primary;
  if (to !== primary) {
    throw configurationError(
      'not_primary',
      `${primary} is first in the ring, not the key that --to names.`,
      'Put the key first in `keys` and deploy everywhere; then reseal.',
    );
  }
  const rate = values.number('rate');
  const { rows: total } = await vault.status();
  let report: ResealReport;
  let resealed = 0;
  for (let pass = 1; ; pass++) {
    const progress = createProgress(terminal, `Resealing to ${primary}`, total);
    const started = systemClock.monotonic();
    try {
      report = await vault.reseal({
        signal,
        async onProgress({ rows, resealed: done, busy }) {
          progress.update(rows, `${done} resealed${busy === 0 ? '' : `, ${busy} busy`}`);
          if (rate === undefined) return;
          const dueMs = (rows / rate) * 1000 - (systemClock.monotonic() - started);
          if (dueMs > 0) await systemClock.sleep(dueMs, signal).catch(() => undefined);
        },
        // Small enough that the rate is kept within a second.
        ...(rate !== undefined && { batch: Math.min(500, rate) }),
      });
    } finally {
      progress.end();
    }
    resealed += report.resealed;
    if (!report.complete) throw interruptedError();
    if (report.busy === 0 || pass === mostPasses) break;
    terminal.note(`Rows that a refresh holds: ${report.busy}; once more in ${betweenPassesMs / 1000} s.`);
    await systemClock.sleep(betweenPassesMs, signal);
  }
  const { busy, unreadable, unreadableIds, current } = report;
  const left = busy > 0 || unreadable > 0;
  if (json) {
    terminal.print(JSON.stringify({ primary, resealed, current, busy, unreadable, unreadableIds }, null, 2));
    return left ? exitCodes.problems : exitCodes.ok;
  }
  terminal.print(`${count(resealed, 'row')} resealed under ${primary}, ${count(current, 'row')} found under it.`);
  if (busy > 0) terminal.print(terminal.paint('yellow', `Rows that refreshes still hold: ${busy}. Run it again.`));
  if (unreadable > 0) {
    terminal.print(
      terminal.paint(
        'red',
        `Rows that open with no key of the ring: ${unreadable} (${unreadableIds.slice(0, 10).join(', ')})`,
      ),
    );
    terminal.note('Find out why before you remove a key: a restored backup, a moved row, a key removed too early.');
  }
  return left ? exitCodes.problems : exitCodes.ok;
};
