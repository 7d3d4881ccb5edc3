/** Our verdicts beside those of the vendors' own helpers, on the same bytes and headers. */
import { expect } from 'vitest';

import type { Verify } from '../../src/webhooks/webhook.ts';
import { bytesOf, judge, now, seededRandom, type DeliveryInit } from './deliveries.ts';
import { mutate, type Mutant, type Subject } from './mutations.ts';

type SentHeaders = Readonly<Record<string, string>>;

export interface Oracle extends Subject {
  readonly name: string;
  readonly ours: Verify;
  /** The vendor's helper: it throws, or answers false, for what it refuses. */
  readonly theirs: (body: Buffer, headers: SentHeaders, secret: string) => unknown;
  /** Where we refuse what the helper accepts, and why. Every one of them must occur. */
  readonly stricter: Readonly<Record<string, (mutant: Mutant, headers: SentHeaders) => boolean>>;
  /**
   * Bodies that the helper does not see as they are, because it makes text of them first: it passes forgeries and
   * refuses true signatures. They must occur too.
   */
  readonly blind: Readonly<Record<string, (body: Uint8Array) => boolean>>;
}

export const plainInteger = /^[1-9]\d*$/;

export const takesText: Oracle['blind'] = {
  'bytes that are no UTF-8': (body) => Buffer.from(body).toString().includes('\ufffd'),
};

export async function accepts(oracle: Oracle, init: DeliveryInit, secret: string): Promise<boolean> {
  const headers = Object.fromEntries(new Headers(init.headers));
  try {
    return (await oracle.theirs(Buffer.from(bytesOf(init.body)), headers, secret)) !== false;
  } catch {
    return false;
  }
}

export async function expectAgreement(oracle: Oracle, runs: number): Promise<void> {
  const random = seededRandom(20_261_120);
  const used = new Set<string>();
  const differences: string[] = [];
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const mutant = mutate(oracle, now + (run % 1000), random);
    const theirs = await accepts(oracle, mutant.init, mutant.secret);
    const ours = await judge(oracle.ours, mutant.init, mutant.secret);
    if (theirs === (ours === 'ok')) {
      if (theirs) accepted++;
      continue;
    }
    const headers = Object.fromEntries(new Headers(mutant.init.headers));
    const blind = Object.entries(oracle.blind).find(([, applies]) => applies(bytesOf(mutant.init.body)));
    const stricter = Object.entries(oracle.stricter).find(([, applies]) => applies(mutant, headers));
    const rule = blind ?? (ours === 'ok' ? undefined : stricter);
    if (rule === undefined) differences.push(`${mutant.what}: ours ${ours}, theirs ${String(theirs)}`);
    else used.add(rule[0]);
  }
  expect(differences).toEqual([]);
  expect([...used].toSorted()).toEqual(Object.keys({ ...oracle.stricter, ...oracle.blind }).toSorted());
  expect(accepted).toBeGreaterThan(runs / 20);
}
