import type { AnyDefinition, ProviderFactory } from '@plugboard/core';
import { createTestBoard } from '@plugboard/testing';
import { expect } from 'vitest';

/** A text somewhere in a value; vitest's own matchers are untyped. */
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export const organizationId = 'org-1';
export const target = { organizationId };
const client = { clientId: 'cid.apps.googleusercontent.com', clientSecret: 'client-secret-0123456789' };

/** A board with one of Google's providers. */
export function createGoogleRig<D extends AnyDefinition>(
  factory: ProviderFactory<D>,
  app: Readonly<Record<string, string>> = {},
  options: { readonly platform?: Readonly<Record<string, string>>; readonly env?: Record<string, string> } = {},
) {
  const { env = {}, ...more } = options;
  const provider = factory({ ...client, ...app, ...more } as Parameters<typeof factory>[0]);
  const made = createTestBoard(provider, { env });
  const { authorize, board, clock, sent } = made;
  const id = provider.definition.id as D['id'];
  return {
    ...made,
    client: () => board.client(id, target),
    /** Lets time pass until the work is done. */
    async settle<T>(work: Promise<T>): Promise<T> {
      const state = { isDone: false };
      const ended = () => void (state.isDone = true);
      work.then(ended, ended);
      for (let turn = 0; !state.isDone && turn < 1000; turn++) await clock.advance(1000);
      return work;
    },
    /** Connects with every scope that the provider knows, unless some are named. */
    async connect(scopes?: readonly string[]) {
      const oauth = provider.definition.auth['oauth'] as {
        readonly scopes: { readonly known: Readonly<Record<string, string>> };
      };
      await authorize({ scopes: scopes ?? Object.keys(oauth.scopes.known) });
      sent.length = 0;
      return board.connections.get(id, target);
    },
  };
}
