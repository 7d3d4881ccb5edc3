/** A provider with one fault, and the case that must find it. */
import type { ProviderFactory } from '@plugboard/core';

import { factoryOf, sound, type Sound } from '../sound.ts';

export interface Broken {
  /** What is wrong with it. */
  readonly fault: string;
  /** Name of the case that must fail. */
  readonly fails: string;
  /** What the failure must say: the right case for the right reason. */
  readonly because: RegExp;
  readonly factory: ProviderFactory<Sound>;
}

interface Fault extends Pick<Broken, 'fails' | 'because'> {
  /** The sound definition with the fault in it. */
  readonly change: (definition: Sound) => object;
}

export function broken(fault: string, { fails, because, change }: Fault): Broken {
  return { fault, fails, because, factory: factoryOf(change(sound.definition)) };
}

/** The definition with one operation changed. */
export function withItem(definition: Sound, name: keyof Sound['operations']['items'], change: object): object {
  const { items, ...groups } = definition.operations;
  return { ...definition, operations: { ...groups, items: { ...items, [name]: { ...items[name], ...change } } } };
}

export function withAuth(definition: Sound, name: keyof Sound['auth'], change: object): object {
  return { ...definition, auth: { ...definition.auth, [name]: { ...definition.auth[name], ...change } } };
}

export function withErrors(definition: Sound, change: object): object {
  return { ...definition, api: { ...definition.api, errors: { ...definition.api.errors, ...change } } };
}

export function withWebhooks(definition: Sound, change: object): object {
  return { ...definition, webhooks: { ...definition.webhooks, ...change } };
}
