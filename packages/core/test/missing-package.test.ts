/** What is not installed is said at once, by its name, with what to do. */
import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { createSdkCache } from '../src/client/sdk-cache.ts';
import { missingPackage } from '../src/missing-package.ts';
import { transportKit } from './support/transport-kit.ts';

const failed = (message: string, code = 'ERR_MODULE_NOT_FOUND') => Object.assign(new Error(message), { code });

describe('the package that is missing', () => {
  test.each([
    ["Cannot find package 'vendor-sdk' imported from /srv/app/x.js", 'vendor-sdk'],
    ["Cannot find package '@vendor/sdk' imported from /srv/app/x.js", '@vendor/sdk'],
    ["Cannot find module '@vendor/sdk/deep/file.js'\nRequire stack:\n- /srv/app/x.js", '@vendor/sdk'],
    // Deno.
    ['Import "@vendor/sdk" not a dependency\n    at file:///srv/app/x.js:1:20', '@vendor/sdk'],
  ])('%s', (message, name) => {
    const error = missingPackage(failed(message))!;
    expect(error).toMatchObject({ kind: 'configuration', code: 'package_missing', retryable: false });
    expect(error.message).toBe(`The package \`${name}\` is not installed.`);
    expect(error.hint).toContain(`npm install ${name}`);
    expect(inspect(error)).not.toContain('/srv');
  });

  test('is told by workerd in words alone, and by Bun in an object that is no Error', () => {
    expect(missingPackage(new Error('No such module "@vendor/sdk".'))?.message).toContain('`@vendor/sdk`');
    const message = "Cannot find package 'vendor-sdk' from '/srv/app/x.js'";
    expect(missingPackage({ code: 'ERR_MODULE_NOT_FOUND', message })?.message).toContain('`vendor-sdk`');
  });

  test('is not named by a path of the host', () => {
    const error = missingPackage(failed("Cannot find module '/srv/app/secret.js' imported from /srv/app/x.js"))!;
    expect(error.code).toBe('package_missing');
    expect(inspect(error)).not.toContain('/srv');
  });

  test.each([failed('x', 'ECONNRESET'), new Error("Cannot find package 'a'"), 'ERR_MODULE_NOT_FOUND', undefined])(
    'is no other failure: %s',
    (cause) => expect(missingPackage(cause)).toBeUndefined(),
  );
});

test('a wire that cannot be loaded is tried once, and is no lost connection', async () => {
  let tries = 0;
  const wire = async () => {
    tries++;
    throw failed("Cannot find package 'vendor-sdk' imported from /srv/app/x.js");
  };
  const { fail } = transportKit([], { wire });
  const error = await fail('https://api.acme.example.com/');
  expect(error).toMatchObject({ kind: 'configuration', code: 'package_missing', operation: 'things.list' });
  expect(error.message).toContain('vendor-sdk');
  expect(tries).toBe(1);
});

test('an SDK that is not installed is named, and looked for again at the next call', async () => {
  const cache = createSdkCache(() => undefined);
  const session = { runtime: { definition: {} }, cacheKey: 'acme/org-1' } as never;
  const access = { method: 'key', version: 1, stub: false, settings: {} } as never;
  const missing = () => Promise.reject(failed("Cannot find package 'vendor-sdk' imported from /srv/app/x.js"));
  await expect(cache.use(session, access, missing)).rejects.toMatchObject({ code: 'package_missing' });
  expect(await cache.use(session, access, async () => 'the SDK')).toBe('the SDK');
});
