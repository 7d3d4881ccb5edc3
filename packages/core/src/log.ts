/** Where the library speaks. Secrets are taken out of every line before it gets here (`redactedLog`). */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The console as it is: `consoleLog` is this one with secrets taken out. */
export const plainConsole: Log = {
  info: (fields, message) => console.info(line(message, fields)),
  warn: (fields, message) => console.warn(line(message, fields)),
  error: (fields, message) => console.error(line(message, fields)),
};

/** The host's log, whose own failure must not become one of ours: a sink that is full would cost a token its place in the store. */
export function guardedLog(log: Log): Log {
  const write =
    (level: keyof Log): Log['info'] =>
    (fields, message) => {
      try {
        // A logger may be a function that answers a promise, whatever its type says.
        const written: unknown = log[level](fields, message);
        if (written instanceof Promise) written.catch(() => undefined);
      } catch {
        // There is nowhere left to say it.
      }
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function line(message: string, fields: object): string {
  const rest = JSON.stringify(fields);
  return `[plugboard] ${message}${rest === '{}' ? '' : ` ${rest}`}`;
}
