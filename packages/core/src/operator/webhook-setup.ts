/** Whether a provider's webhooks can be verified, and what is missing: asked of its own declaration. */
import type { ProviderRuntime } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import type { WebhookDefinition } from '../provider.ts';
import { isSecret } from '../secret.ts';
import { isBlank } from '../webhooks/secrets.ts';

export interface WebhookSetup {
  /** A secret of the deployment verifies deliveries. Without one they are answered with 503. */
  readonly ready: boolean;
  /** Environment names of which the secrets are made; empty when the deployment has none of them to set. */
  readonly names: readonly string[];
  /** Connections, or channels that are opened for them, can bring secrets of their own. */
  readonly perConnection: boolean;
}

/** Null where the vendor sends no webhooks. */
export function webhookSetupOf({ definition, app, platform }: ProviderRuntime): WebhookSetup | null {
  const webhooks = definition.webhooks as WebhookDefinition | undefined;
  if (webhooks === undefined) return null;
  const asked = new Set<string>();
  const askedOfConnection = new Set<string>();
  const source = {
    app: recording(app, asked),
    credentials: recording(platform?.credentials ?? {}, askedOfConnection),
  };
  const fields = definition.app ?? {};
  return {
    ready: secretsOf(webhooks, source),
    names: [...asked].flatMap((field) => (Object.hasOwn(fields, field) ? [fields[field]?.env ?? ''] : [])),
    perConnection: askedOfConnection.size > 0 || webhooks.channels !== undefined,
  };
}

function secretsOf(webhooks: WebhookDefinition, source: Parameters<WebhookDefinition['secrets']>[0]): boolean {
  try {
    return webhooks.secrets(source).some((entry) => {
      const secret = typeof entry === 'string' || isSecret(entry) ? entry : entry?.secret;
      const value = isSecret(secret) ? secret.reveal() : secret;
      return value !== undefined && !isBlank(value);
    });
  } catch (error) {
    // A declaration may refuse what is configured; the delivery would be refused with it.
    if (isPlugboardError(error)) return false;
    throw error;
  }
}

/** Notes which members are asked for. */
function recording<T extends object>(values: T, asked: Set<string>): T {
  return new Proxy(values, {
    get(target, name) {
      if (typeof name === 'string') asked.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
}
