import { conformance, providerContract } from '@plugboard/testing';

import { googleAds } from '../src/index.ts';

const undescribed = 'Google publishes no discovery document of the Ads API, only protos.';

conformance(googleAds.definition, {
  exceptions: {
    'customers.listAccessible': undescribed,
    'customers.get': undescribed,
    'customers.clients': undescribed,
    'campaigns.list': undescribed,
    'conversionActions.list': undescribed,
    'reports.spend': undescribed,
    'clickConversions.upload': undescribed,
  },
});

providerContract(googleAds, {
  account: { id: '1234567890', name: 'Demo Store' },
  settings: { conversionActionId: '987654321' },
  exceptions: {
    'answer customers.listAccessible: a missing required member is an invalid_response':
      'Protobuf JSON leaves an empty list out: nothing is required.',
    'answer clickConversions.upload: a missing required member is an invalid_response':
      'With validateOnly the answer has no results, and nothing else is promised.',
  },
});
