/** What the vendor's double remembers: which emails were sent, and by which idempotency key. */
import { at, type EmulatorExtension, type Json } from '@plugboard/core';

export const emulator: EmulatorExtension = (vendor) => {
  const emails = vendor.table('emails');
  const keys = vendor.table('keys');

  function store(json: Json | undefined): string {
    const id = vendor.id('email_');
    emails.set(id, {
      object: 'email',
      id,
      created_at: new Date(vendor.now()).toISOString(),
      last_event: 'delivered',
      ...(json as object),
      to: [at(json, 'to') ?? []].flat(),
    });
    return id;
  }

  return {
    'POST /emails': ({ json, headers, text }) => {
      const key = headers.get('idempotency-key');
      const before = key === null ? undefined : keys.get(key);
      if (before !== undefined)
        return at(before, 'text') === text ? { json: { id: at(before, 'id') ?? null } } : vendor.failure('keyReused');
      const id = store(json);
      if (key !== null) keys.set(key, { text, id });
      return { json: { id } };
    },
    'POST /emails/batch': ({ json }) => ({
      json: { data: (Array.isArray(json) ? json : []).map((each) => ({ id: store(each as Json) })) },
    }),
    'GET /emails/{id}': ({ params }) => {
      const found = emails.get(params['id'] ?? '');
      if (found !== undefined) return { json: found };
      const shown = vendor.example('emails.get');
      return at(shown.json, 'id') === params['id'] ? shown : vendor.failure('notFound');
    },
  };
};
