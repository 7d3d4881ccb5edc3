#!/usr/bin/env node
/** The process around the commands: signals, streams, the exit code. */
import { Console } from 'node:console';
import module from 'node:module';

import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

const interrupted = 130;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`plugboard needs Node 22.12 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}
module.enableCompileCache();
// A board, its vendors' SDKs and the host's own files log to the console: what is piped on is ours alone.
globalThis.console = new Console(process.stderr, process.stderr);

const terminal = createTerminal(process, process.env);
const controller = new AbortController();

function stop(): void {
  if (controller.signal.aborted) process.exit(interrupted);
  controller.abort();
  terminal.note('Stopping. Press Ctrl-C again to end at once.');
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// Whoever reads the output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const code = await run(process.argv.slice(2), { terminal, signal: controller.signal });
// Pools of the host would keep the process alive; what was written must be out before.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((done) => stream.write('', () => done()));
process.exit(code);
