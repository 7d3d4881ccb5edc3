/** How far long work is: a bar on a terminal, a line for each tenth elsewhere. */
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** `done` of the total, and words on what was found so far. */
  update(done: number, detail?: string): void;
  /** Clears the bar. */
  end(): void;
}

const barWidth = 24;
/** A bar that is drawn more often than this is not seen any better. */
const drawEveryMs = 80;

export function createProgress(terminal: Terminal, label: string, total: number): Progress {
  return terminal.stderr.isTTY === true ? bar(terminal, label, total) : lines(terminal, label, total);
}

function share(done: number, total: number): number {
  // Rows may come while they are counted.
  return total === 0 ? 1 : Math.min(1, done / total);
}

function bar({ stderr }: Terminal, label: string, total: number): Progress {
  let drawn = 0;
  return {
    update(done, detail = '') {
      const now = performance.now();
      if (now - drawn < drawEveryMs && done < total) return;
      drawn = now;
      const part = share(done, total);
      const full = Math.round(part * barWidth);
      const text = `${label} ${'#'.repeat(full)}${'-'.repeat(barWidth - full)} ${Math.floor(part * 100)} % ${done}/${total} ${detail}`;
      stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1).trimEnd()}`);
    },
    end: () => void stderr.write('\r\u001b[2K'),
  };
}

function lines(terminal: Terminal, label: string, total: number): Progress {
  let told = 0;
  return {
    update(done, detail = '') {
      const tenth = Math.floor(share(done, total) * 10);
      if (tenth <= told) return;
      told = tenth;
      terminal.note(`${label}: ${tenth * 10} % (${done} of ${total}) ${detail}`.trimEnd());
    },
    end: () => undefined,
  };
}
