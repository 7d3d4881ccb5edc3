import { expect, test } from 'vitest';

import { captureOutput } from '../src/capture-output.ts';

test('console, streams and warnings are captured', async () => {
  const { result, stdout, stderr, warnings, all } = await captureOutput(async () => {
    console.log('to %s', 'log');
    console.error({ to: 'error' });
    process.stdout.write('to stdout\n');
    await new Promise<void>((resolve) => process.stderr.write(Buffer.from('to stderr\n'), () => resolve()));
    process.emitWarning('to warning');
    return 5;
  });
  expect(result).toBe(5);
  expect(stdout).toBe('to log\nto stdout\n');
  // The process prints its warnings itself, too.
  expect(stderr.startsWith("{ to: 'error' }\nto stderr\n")).toBe(true);
  expect(warnings).toEqual([expect.stringContaining('to warning')]);
  for (const text of ['to log', 'to stderr', 'to warning']) expect(all).toContain(text);
});

test('everything is as before afterwards, also after a failure', async () => {
  const before = [process.stdout.write, process.stderr.write, console.log, process.listenerCount('warning')];
  await expect(captureOutput(() => Promise.reject(new Error('task')))).rejects.toThrow('task');
  expect([process.stdout.write, process.stderr.write, console.log, process.listenerCount('warning')]).toEqual(before);
});
