import type { AnyDefinition, ErrorKind, ProviderFactory } from '@plugboard/core';
import { expect, test } from 'vitest';

import { createGoogleRig } from './rig.ts';

/** Status and reason as the vendor answers; what the host is told: the kind, and whether another try makes sense. */
export type Refused = readonly [status: number, reason: string, kind: ErrorKind, retryable?: boolean];

const everywhere: readonly Refused[] = [
  [400, 'invalid', 'invalid_request'],
  [401, 'authError', 'auth'],
  [403, 'insufficientPermissions', 'permission'],
  [403, 'accessNotConfigured', 'configuration'],
  [403, 'domainPolicy', 'permission'],
  [403, 'rateLimitExceeded', 'rate_limited', true],
  [403, 'userRateLimitExceeded', 'rate_limited', true],
  // Of the same domain, and over when the day is.
  [403, 'dailyLimitExceeded', 'rate_limited'],
  [429, 'rateLimitExceeded', 'rate_limited', true],
  [404, 'notFound', 'not_found'],
  [500, 'backendError', 'unavailable', true],
  [503, 'backendError', 'unavailable', true],
];

/** Registers a test for each refusal that the vendor documents, of all of Google's APIs and of this one. */
export function refusalsAgree<D extends AnyDefinition>(
  factory: ProviderFactory<D>,
  read: (rig: ReturnType<typeof createGoogleRig<D>>) => Promise<unknown>,
  own: readonly Refused[],
) {
  const rows = [...everywhere, ...own].map(([status, reason, kind, retryable = false]) => ({
    status,
    reason,
    kind,
    retryable,
  }));
  test.each(rows)('a refusal with $status $reason is $kind', async ({ status, reason, kind, retryable }) => {
    const rig = createGoogleRig(factory);
    await rig.connect();
    const errors = [{ domain: 'global', reason, message: 'No.' }];
    rig.answer(({ url }) =>
      url.hostname === 'oauth2.googleapis.com'
        ? undefined
        : Response.json({ error: { code: status, message: 'No.', errors } }, { status }),
    );
    const vendor = { code: reason, message: 'No.' };
    await expect(rig.settle(read(rig))).rejects.toMatchObject({ kind, retryable, status, vendor });
  });
}
