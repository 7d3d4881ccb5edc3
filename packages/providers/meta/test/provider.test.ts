import { conformance, providerContract } from '@plugboard/testing';

import { meta } from '../src/index.ts';
import { internal } from '../src/leads.ts';

const otherNode = 'The description lists the edges of an ad account alone.';
const elsewhere = ['me.get', 'adAccounts.list', 'reports.get', 'reports.rows', 'pixels.get', 'events.sendHashed'];
const aboutPages = ['pages.list', 'leads.get', 'leads.list', ...Object.keys(internal)];

conformance(meta.definition, {
  nodePath: '/{version}/act_{account}',
  internal,
  exceptions: Object.fromEntries([...elsewhere, ...aboutPages].map((name) => [name, otherNode])),
});

providerContract(meta, {
  account: { id: 'act_1102330001', name: "Jasper's Market" },
  accounts: { pixel: { id: '567890123456789', name: 'Shop' } },
  exceptions: {
    'oauth: refreshes by its rotation policy, again and again, and spends no token twice':
      'A live token is renewed behind the call, which the suite does not wait for; see access.test.ts.',
    'capability conversions: does what its interface says':
      'A website conversion without page and browser is refused before it is sent; see events.test.ts.',
  },
});
