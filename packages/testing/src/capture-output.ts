/** What a piece of code prints, by whatever way. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';

export interface Captured<T> {
  readonly result: T;
  readonly stdout: string;
  readonly stderr: string;
  /** Process warnings, with their stacks. */
  readonly warnings: readonly string[];
  /** All of it. */
  readonly all: string;
}

/**
 * Runs a task and keeps everything that the process prints meanwhile from reaching the terminal. Not for tasks side by
 * side: the streams belong to the whole process.
 * @example const { all } = await captureOutput(() => board.connect(...)); expect(findCanaries(all, canaries)).toEqual([])
 */
export async function captureOutput<T>(task: () => T | Promise<T>): Promise<Captured<T>> {
  const stdout = divert(process.stdout);
  const stderr = divert(process.stderr);
  const consoles = divertConsole(stdout, stderr);
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning.stack ?? String(warning));
  process.on('warning', onWarning);
  try {
    const result = await task();
    // Warnings are emitted on a later turn than what causes them.
    await new Promise((resolve) => setImmediate(resolve));
    const [out, err] = [stdout.texts.join(''), stderr.texts.join('')];
    return { result, stdout: out, stderr: err, warnings, all: [out, err, ...warnings].join('\n') };
  } finally {
    process.off('warning', onWarning);
    for (const { restore } of [consoles, stdout, stderr]) restore();
  }
}

interface Diverted {
  readonly texts: string[];
  restore(): void;
}

function divert(stream: NodeJS.WriteStream): Diverted {
  const texts: string[] = [];
  const { write } = stream;
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    texts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') (done as () => void)();
    return true;
  }) as typeof write;
  return { texts, restore: () => void (stream.write = write) };
}

const methods = ['debug', 'dir', 'error', 'group', 'info', 'log', 'table', 'trace', 'warn'] as const;

/** Test runners give code a console of their own, which does not write to the process's streams. */
function divertConsole(stdout: Diverted, stderr: Diverted): Pick<Diverted, 'restore'> {
  const originals = methods.map((name) => [name, console[name]] as const);
  const replacement = new Console({ stdout: collector(stdout.texts), stderr: collector(stderr.texts) });
  for (const name of methods) console[name] = replacement[name].bind(replacement);
  return {
    restore() {
      for (const [name, original] of originals) console[name] = original as never;
    },
  };
}

function collector(texts: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      texts.push(chunk.toString());
      done();
    },
  });
}
