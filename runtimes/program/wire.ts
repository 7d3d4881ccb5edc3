/** The wire that a host gets by default in this runtime: a real server, and addresses that must not be reached. */
import { defaultWire, type Wire } from '@plugboard/core';

import { codeOf, same, type Check, type Given } from './report.ts';

export function wireChecks({ origin }: Given): readonly Check[] {
  const { signal } = new AbortController();
  const secure = origin.replace('http:', 'https:');
  return [
    {
      name: 'wire: an answer comes whole and decoded',
      run: () =>
        withWire(async (wire) => {
          const url = new URL('/compressed', origin);
          const answer = await wire({ method: 'GET', url, headers: new Headers(), signal, addresses: 'any' });
          const decoder = new TextDecoder();
          let text = '';
          for await (const chunk of answer.body) text += decoder.decode(chunk, { stream: true });
          same([answer.status, text], [200, JSON.stringify({ compressed: true })]);
        }),
    },
    ...[secure, 'https://169.254.169.254/', 'https://[::ffff:10.0.0.1]/', 'https://[fd00::1]/'].map((address) => ({
      name: `wire: ${address.replace(/:\d{4,}$/, '')} is refused, and nothing is sent`,
      run: () =>
        withWire(async (wire) => {
          const request = { method: 'GET', url: new URL(address), headers: new Headers(), signal };
          same(await codeOf(wire(request)), 'egress_blocked');
        }),
    })),
  ];
}

async function withWire(use: (wire: Wire) => Promise<void>): Promise<void> {
  const wire = defaultWire();
  try {
    await use(wire);
  } finally {
    await wire.close?.();
  }
}
