/** What the page draws, asked from Plugboard's routes as a frontend elsewhere would ask. */
import type { AccountRef } from '@plugboard/core';
import type { ConnectionView, Handler, ProviderView } from '@plugboard/http';

import { definitions } from './board.ts';
import type { CardParts } from './card.ts';
import { exampleOf } from './connect.ts';

type Listed = ProviderView & { readonly connections: readonly ConnectionView[] };

/**
 * @param routes Address of the routes.
 * @param cookie The session of whoever looks at the page.
 */
export async function loadCards(handler: Handler, routes: string, cookie: string): Promise<readonly CardParts[]> {
  const ask = async (path: string) => (await handler(new Request(`${routes}${path}`, { headers: { cookie } }))).json();

  async function card(provider: Listed): Promise<CardParts> {
    const { id, connections } = provider;
    const connection = connections.find(({ status }) => status !== 'disconnected') ?? null;
    const choices = connection?.status === 'pending' ? await ask(`/accounts/${id}`) : {};
    const { accounts = [] } = choices as { readonly accounts?: readonly AccountRef[] };
    return { provider, connection, accounts, examples: examplesOf(id) };
  }

  const listed = (await ask('/connections')) as { readonly providers: readonly Listed[] };
  return Promise.all(listed.providers.map(card));
}

/** What each way to connect declares as input that passes. */
function examplesOf(id: string): CardParts['examples'] {
  const methods = Object.entries(definitions.get(id)?.auth ?? {});
  return Object.fromEntries(methods.map(([name, method]) => [name, exampleOf(method)]));
}
