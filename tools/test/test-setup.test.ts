import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { expect, onTestFinished, test, vi } from 'vitest';

test('a unit test cannot leave the machine', async () => {
  await expect(fetch('https://203.0.113.1/')).rejects.toMatchObject({
    cause: { message: 'A unit test tried to reach 203.0.113.1; mock it, or use a local server.' },
  });
  const error = await new Promise<Error>((resolve) => {
    connect(80, 'vendor.example').once('error', resolve);
  });
  expect(error.message).toMatch(/^A unit test tried to reach vendor\.example/);
});

test('a local server can be reached', async () => {
  const server = createServer((_, response) => response.end('here'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
});

test.fails('output on the console fails the test', () => {
  console.warn('forgotten');
});

test('expected output is looked at by the test', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  console.warn('expected');
  expect(warn).toHaveBeenCalledExactlyOnceWith('expected');
});
