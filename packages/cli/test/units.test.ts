import { PassThrough } from 'node:stream';
import { styleText } from 'node:util';

import { expect, test } from 'vitest';

import { confirm } from '../src/confirm.ts';
import { asPlugboardError, framesOf } from '../src/failure.ts';
import { refuseTypeScript } from '../src/load-config.ts';
import { createProgress } from '../src/progress.ts';
import { nearest } from '../src/suggest.ts';
import { columns, count, createTerminal, printable } from '../src/terminal.ts';

function stream(isTTY: boolean) {
  const pass = Object.assign(new PassThrough(), { isTTY, columns: 60 });
  let text = '';
  pass.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { pass, text: () => text };
}

function terminalOf({ tty = false, env = {} }: { tty?: boolean; env?: Record<string, string> } = {}) {
  const [stdin, stdout, stderr] = [stream(tty), stream(tty), stream(tty)];
  return {
    terminal: createTerminal({ stdin: stdin.pass, stdout: stdout.pass, stderr: stderr.pass }, env),
    stdin: stdin.pass,
    out: stdout.text,
    err: stderr.text,
  };
}

test('the nearest word is offered, and none that is far away', () => {
  const words = ['doctor', 'migrate', 'vault status', 'connections list'];
  expect(nearest('doctro', words)).toBe('doctor');
  expect(nearest('Migrat', words)).toBe('migrate');
  expect(nearest('conections lst', words)).toBe('connections list');
  expect(nearest('vault stats', words)).toBe('vault status');
  expect(nearest('deploy', words)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), ['x'.repeat(100_000)])).toBeUndefined();
});

test('what others wrote does not steer the terminal', () => {
  expect(printable('a\u001b[2Jb\u001b]8;;https://evil.example\u0007c\u0007\r\nd\u202ee')).toBe('abc???d?e');
  expect(
    columns([
      ['a', 'b'],
      ['long name', '\u001b[31mred\u001b[0m', 'x'],
    ]),
  ).toEqual(['a          b', 'long name  red  x']);
  expect(columns([['y'.repeat(60)]])).toEqual([`${'y'.repeat(39)}…`]);
  expect([count(1, 'row'), count(1204, 'row'), count(2, 'live process', 'live processes')]).toEqual([
    '1 row',
    '1,204 rows',
    '2 live processes',
  ]);
});

test('colours are for terminals whose owner does not object', () => {
  const green = styleText('green', 'ok', { validateStream: false });
  expect(terminalOf({ tty: true }).terminal.paint('green', 'ok')).toBe(green);
  expect(terminalOf({ tty: true, env: { NO_COLOR: '' } }).terminal.paint('green', 'ok')).toBe(green);
  expect(terminalOf({ tty: true, env: { NO_COLOR: '1' } }).terminal.paint('green', 'ok')).toBe('ok');
  expect(terminalOf({ tty: true, env: { TERM: 'dumb' } }).terminal.paintNote('green', 'ok')).toBe('ok');
  expect(terminalOf().terminal.paint('green', 'ok')).toBe('ok');
});

test('progress is a bar on a terminal, within its width, and a line for each tenth elsewhere', () => {
  const plain = terminalOf();
  const lines = createProgress(plain.terminal, 'Resealing', 1000);
  for (let done = 0; done <= 1000; done++) lines.update(done, `${done} done`);
  lines.end();
  expect(plain.err().trimEnd().split('\n')).toHaveLength(10);
  expect(plain.err()).toMatch(/^Resealing: 10 % \(100 of 1000\) 100 done\n/);
  expect(plain.err()).not.toContain('\u001b');
  const shown = terminalOf({ tty: true });
  const bar = createProgress(shown.terminal, 'Resealing', 10);
  bar.update(10, 'x'.repeat(100));
  bar.end();
  const [drawn = ''] = shown.err().split('\r').filter(Boolean);
  expect(drawn).toContain('Resealing ######################## 100 % 10/10 xx');
  expect(printable(drawn).length).toBeLessThanOrEqual(59);
  expect(shown.err().endsWith('\r\u001b[2K')).toBe(true);
  expect(shown.out()).toBe('');
});

test('where nobody can be asked, nothing is confirmed', async () => {
  const { terminal } = terminalOf();
  const asked = { what: 'This ends all.', expected: 'all', yes: false, signal: new AbortController().signal };
  await expect(confirm(terminal, asked)).rejects.toMatchObject({ code: 'usage', hint: 'Pass --yes if that is meant.' });
  await confirm(terminal, { ...asked, yes: true });
});

test('an interrupted question is no confirmation', async () => {
  const { terminal } = terminalOf({ tty: true });
  const controller = new AbortController();
  const asked = confirm(terminal, { what: 'x', expected: 'all', yes: false, signal: controller.signal });
  controller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
});

test('B02 of a foreign error its name, its code and its place are told', () => {
  const secret = 'sk_live_canary';
  const error = Object.assign(new TypeError(`${secret}\n    at ${secret} (/x/y.ts:1:1)\n`), {
    code: 'E_X',
    body: secret,
  });
  const failure = asPlugboardError(error);
  expect(failure.message).toContain('TypeError (E_X)');
  expect(JSON.stringify([failure, failure.message, failure.stack, framesOf(error)])).not.toContain(secret);
  expect(framesOf(error)[0]).toContain('units.test.ts');
  expect(asPlugboardError(secret).message).not.toContain(secret);
});

test('a Node that runs no TypeScript is told what to do', () => {
  const hint: unknown = expect.stringContaining('Node 22.18');
  for (const features of [{}, { typescript: false }]) {
    expect(() => refuseTypeScript('/x/plugboard.config.ts', features)).toThrow(
      expect.objectContaining({ code: 'no_typescript', hint }),
    );
    refuseTypeScript('/x/plugboard.config.mjs', features);
  }
  refuseTypeScript('/x/plugboard.config.ts', { typescript: 'strip' });
});
