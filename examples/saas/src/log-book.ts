/** Keeps what the board says, so that a page can show it and no line falls into the table. */
import type { Log } from '@plugboard/core';

export interface LogLine {
  readonly at: Date;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

export interface LogBook {
  readonly log: Log;
  /** The newest lines, newest first. */
  readonly lines: readonly LogLine[];
}

const kept = 50;

export function createLogBook(): LogBook {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.unshift({ at: new Date(), level, message, fields });
    lines.length = Math.min(lines.length, kept);
  };
  return { lines, log: { info: write('info'), warn: write('warn'), error: write('error') } };
}
