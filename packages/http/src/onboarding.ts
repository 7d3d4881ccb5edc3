/** What is to be done next: read from the connections as they are, so it can never disagree with them. */
import { at, type Connection } from '@plugboard/core';

import type { OnboardingStep, ProviderView } from './schemas.ts';

/** One step for each live connection; one for the provider where there is none. */
export function stepsOf(provider: ProviderView, connections: readonly Connection[]): readonly OnboardingStep[] {
  const live = connections.filter(({ status }) => status !== 'disconnected');
  if (live.length > 0) return live.map((connection) => stepOf(provider, connection));
  const { id, platform, missing, methods } = provider;
  // The platform's own credentials serve whoever has none, and only OAuth needs those of the environment.
  const unavailable = missing.length > 0 && methods.every(({ kind }) => kind === 'oauth2');
  const state = platform ? 'done' : unavailable ? 'unavailable' : 'connect';
  return [{ provider: id, label: 'default', state, missing: state === 'unavailable' ? missing : [] }];
}

function stepOf({ methods, settings }: ProviderView, connection: Connection): OnboardingStep {
  const { provider, label, status, reason } = connection;
  const step = (state: OnboardingStep['state'], missing: readonly string[] = []) => ({
    provider,
    label,
    state,
    missing,
  });
  if (status === 'pending') return step('choose_account');
  if (status === 'expired' || status === 'error') return step('reconnect');
  if (reason === 'scopes_missing') {
    const asked = Object.keys(methods.find(({ name }) => name === connection.method)?.scopes ?? {});
    return step(
      'grant_scopes',
      asked.filter((scope) => connection.scopes?.includes(scope) !== true),
    );
  }
  const open = texts(at(settings?.schema, 'required')).filter((name) => !Object.hasOwn(connection.settings, name));
  return open.length > 0 ? step('settings', open) : step('done');
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
