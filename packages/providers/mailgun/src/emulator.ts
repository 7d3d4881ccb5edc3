/** The vendor names a next page for every page of events, and ends with an empty one. */
import type { EmulatorExtension } from '@plugboard/core';

export const emulator: EmulatorExtension = () => ({
  'GET /v3/{domain}/{+page}': ({ params }) =>
    params['page']?.startsWith('events/') === true ? { json: { items: [] } } : undefined,
});
