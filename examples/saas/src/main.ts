/** `pnpm start`: does the main job, then serves a page to play with. `--exit` ends after the job; PORT picks the port. */
import { startApp } from './app.ts';
import { definitions } from './board.ts';
import { mainJob } from './main-job.ts';
import { explain, runTable } from './table.ts';

const print = (line: string) => console.log(line);

async function main(): Promise<void> {
  const stayOpen = !process.argv.includes('--exit');
  print(`Starting PostgreSQL, ${definitions.size} emulated vendors and the application`);
  const app = await startApp(portOf(process.env['PORT'] || (stayOpen ? '3000' : '0')));
  const interruption = onInterruption();
  const worked = await runTable(mainJob(app), print, interruption);
  if (stayOpen && !interruption.aborted) {
    print(`\nOpen ${app.url} to connect, disconnect and send by hand. Nothing leaves this machine. Ctrl-C ends it.`);
    await new Promise((resolve) => interruption.addEventListener('abort', resolve));
  }
  await app.close();
  process.exitCode = worked || stayOpen || interruption.aborted ? 0 : 1;
}

/** Aborts at the first Ctrl-C; the second one is up to the system. */
function onInterruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(`PORT is \`${text}\`, which is no port. Use a number from 0 to 65535.`);
}

main().catch((error: unknown) => {
  const busy = (error as { code?: unknown }).code === 'EADDRINUSE';
  const { port } = error as { port?: number };
  console.error(busy ? `Port ${port} is in use. Free it, or choose another one: PORT=3001 pnpm start` : explain(error));
  process.exitCode = 1;
});
