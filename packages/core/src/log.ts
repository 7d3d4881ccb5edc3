/** Where the library speaks. `console` by default; pino and its like fit as they are. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const consoleLog: Log = {
  info: (fields, message) => console.info(line(message, fields)),
  warn: (fields, message) => console.warn(line(message, fields)),
  error: (fields, message) => console.error(line(message, fields)),
};

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function line(message: string, fields: object): string {
  const rest = JSON.stringify(fields);
  return `[plugboard] ${message}${rest === '{}' ? '' : ` ${rest}`}`;
}
