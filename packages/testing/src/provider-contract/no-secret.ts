import { expect } from 'vitest';

import { findCanaries, type Canaries } from '../canary.ts';

/** Fails with the names of the secrets that a value shows, never with the secrets. */
export function expectNoSecret(value: unknown, secrets: Canaries, where: string): void {
  const hits = findCanaries(value, secrets).map((hit) => `${hit.name} as ${hit.form}`);
  expect([...new Set(hits)].join(', '), `secrets in ${where}`).toBe('');
}
