export { run } from './run.ts';
export { createTerminal, type Streams, type Terminal } from './terminal.ts';
export { envText, type EnvTextOptions } from './env-text.ts';
