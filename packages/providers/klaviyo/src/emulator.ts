/** What the vendor's double remembers: lists that were created, and who has a profile. */
import { at, text, type EmulatorExtension } from '@plugboard/core';

import { shown, shownAll } from './schemas.ts';

export const emulator: EmulatorExtension = (vendor) => {
  const lists = vendor.table('lists');
  const profiles = vendor.table('profiles');
  return {
    'POST /api/lists': ({ json }) => {
      const id = vendor.id('L');
      const data = shown('list', id, { name: at(json, 'data', 'attributes', 'name') ?? null });
      lists.set(id, data);
      return { status: 201, json: { data } };
    },
    'GET /api/lists': () => (lists.size === 0 ? undefined : { json: shownAll([...lists.values()]) }),
    'POST /api/profiles': ({ json }) => {
      const attributes = at(json, 'data', 'attributes');
      const key = ['email', 'phone_number', 'external_id'].map((name) => text(at(attributes, name))).join(' ');
      if (profiles.has(key)) return vendor.failure('duplicateProfile');
      profiles.set(key, attributes ?? null);
      return undefined;
    },
  };
};
