/** What every vendor of analytics and of error reports must do. */
import type { ErrorReportingCapability, MessageReceipt, TrackCapability } from '@plugboard/core';
import { expect } from 'vitest';

import { orUnsupported } from './answers.ts';
import type { World } from './world.ts';

const personId = 'contract-person-1';

export const observeRuns = {
  track: async (track: TrackCapability, world: World) => {
    await track.capture({ name: 'user_signed_up', personId, properties: { method: 'email' } });
    await track.capture({ name: 'user_activated', personId, properties: { milestone: 'first_project' } });
    await track.capture({ name: 'feature_used', personId, properties: { feature: 'contract-feature' } });
    await track.capture({ name: 'contract_event', personId, id: 'ev-1', at: new Date(world.clock.now()) });
    await orUnsupported(track.identify({ personId, traits: { plan: 'pro' } }));
    await orUnsupported(track.alias({ personId, alias: 'contract-anonymous-1' }));
    await orUnsupported(track.group({ type: 'company', key: 'contract-company', traits: { seats: 5 } }));
    await track.flush();
    expectReached(world, ['contract-feature', 'contract_event', personId]);
  },
  errorReporting: async (errors: ErrorReportingCapability, world: World) => {
    await errors.setErrorContext({ user: { id: personId }, tags: { release: 'contract-tag' } });
    const failure = new TypeError('The contract fails on purpose.');
    expectReceipt(await errors.captureException(failure, { extra: { attempt: 1 } }));
    expectReceipt(await errors.captureException('not even an error'));
    expectReceipt(await errors.captureMessage('The contract says hello.', { level: 'info' }));
    await errors.flush();
    expectReached(world, [failure.message, 'The contract says hello.', 'contract-tag']);
  },
} as const;

export function expectReceipt(receipt: MessageReceipt): void {
  expect(receipt.id).toMatch(/\S/);
}

function expectReached(world: World, parts: readonly string[]): void {
  const sent = world.edge.requests.map(({ text }) => text).join('\n');
  for (const part of parts) expect(sent.includes(part), `\`${part}\` reaches the vendor`).toBe(true);
}
