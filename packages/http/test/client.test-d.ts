import { createClient } from '@plugboard/http/client';
import type { ConnectionView } from '@plugboard/http';
import { expectTypeOf } from 'vitest';

const client = createClient({ url: '/integrations' });

expectTypeOf(await client.connect({ provider: 'acme', credentials: { apiKey: 'k' } })).toEqualTypeOf<{
  connection: ConnectionView;
}>();
expectTypeOf(await client.disconnect({ provider: 'acme' }))
  .toHaveProperty('revoked')
  .toEqualTypeOf<'revoked' | 'failed' | 'unsupported' | 'kept'>();
expectTypeOf((await client.connections()).providers[0]!.connections[0]!.status).toEqualTypeOf<
  'active' | 'pending' | 'degraded' | 'expired' | 'error' | 'disconnected'
>();
expectTypeOf((await client.onboarding()).complete).toBeBoolean();

// @ts-expect-error a provider is needed
void client.health({});
// @ts-expect-error credentials are needed
void client.connect({ provider: 'acme' });
// @ts-expect-error there is no such member
void client.authorize({ provider: 'acme', return: '/' });
expectTypeOf(client).not.toHaveProperty('callback');
expectTypeOf(client).not.toHaveProperty('startConnect');
