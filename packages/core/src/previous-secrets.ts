/** Signing secrets that were replaced and still verify for a while: a rotation, as a host declares it. */
import type { AppValues } from './auth/auth.ts';
import type { Environment } from './env.ts';
import { configurationError, isPlugboardError } from './errors.ts';
import type { AnyDefinition, AppField, WebhookDefinition, WebhookSecretSource } from './provider.ts';
import { isSecret, Secret } from './secret.ts';
import type { PreviousSecret, WebhookSecret } from './webhooks/webhook.ts';

/** The secret that an app field held before, and until when it verifies. */
export interface EndingSecret {
  readonly field: string;
  readonly secret: Secret;
  readonly notAfter: Date;
}

type Given = Readonly<Record<string, PreviousSecret | undefined>>;

/** Environment names beside that of the field itself: the value before, and its end as ISO 8601. */
function previousNames({ env }: AppField): { readonly secret: string; readonly until: string } {
  return { secret: `${env}_PREVIOUS`, until: `${env}_PREVIOUS_UNTIL` };
}

/**
 * From the option `previous`, else from the environment.
 * @throws PlugboardError code `invalid_option` for a field that signs no webhooks, a secret without an end or an end that
 * is no date.
 */
export function readPrevious(
  definition: AnyDefinition,
  app: AppValues,
  given: Given = {},
  environment: Environment = {},
): readonly EndingSecret[] {
  const fields = signingFields(definition, app);
  const other = Object.keys(given).find((name) => !fields.has(name));
  if (other !== undefined) {
    const choices = [...fields.keys()].join(', ') || 'none';
    const hint = `Fields that sign webhooks are: ${choices}.`;
    throw configurationError(
      'invalid_option',
      `\`previous.${other}\` of \`${definition.id}\` signs no webhooks.`,
      hint,
    );
  }
  const taken = new Set(Object.values(definition.app ?? {}).map(({ env }) => env));
  return [...fields].flatMap(([field, declared]) => {
    const names = previousNames(declared);
    // A provider that declares the name itself knows better what it means.
    const variables = taken.has(names.secret) ? [] : [environment[names.secret], environment[names.until]];
    const { secret, notAfter } = given[field] ?? { secret: variables[0]?.trim(), notAfter: variables[1]?.trim() };
    const value = isSecret(secret) ? secret.reveal() : secret;
    if (!value && !notAfter) return [];
    const end = new Date(notAfter ?? Number.NaN);
    if (typeof value !== 'string' || value === '' || Number.isNaN(end.getTime())) {
      throw configurationError(
        'invalid_option',
        `The secret that \`${field}\` of \`${definition.id}\` held before needs a value and a date until which it verifies.`,
        `Set both ${names.secret} and ${names.until} (2026-12-01T00:00:00Z), or neither.`,
      );
    }
    return [{ field, secret: new Secret(value), notAfter: end }];
  });
}

/** The candidates of a delivery: what the provider names, and each of them again with the secret before. */
export function secretsOf(
  webhooks: WebhookDefinition,
  source: WebhookSecretSource,
  previous: readonly EndingSecret[],
): ReturnType<WebhookDefinition['secrets']> {
  const present = webhooks.secrets(source);
  const known = new Set(present.map(textOf));
  const before = previous.flatMap(({ field, secret, notAfter }): WebhookSecret[] =>
    webhooks
      .secrets({ ...source, app: { ...source.app, [field]: secret } })
      .filter((entry) => entry !== undefined && !known.has(textOf(entry)))
      .map((entry) => ({ secret: new Secret(textOf(entry) ?? ''), notAfter })),
  );
  return [...present, ...before];
}

/** Secret fields of the app that the provider makes signing secrets of. */
function signingFields({ app = {}, webhooks }: AnyDefinition, values: AppValues): ReadonlyMap<string, AppField> {
  const asked = new Set<string>();
  const watched = new Proxy(values, {
    get(target, name) {
      if (typeof name === 'string') asked.add(name);
      return Reflect.get(target, name) as unknown as Secret;
    },
  });
  try {
    (webhooks as WebhookDefinition | undefined)?.secrets({ app: watched, credentials: {} });
  } catch (error) {
    // A declaration may refuse what is configured; then a delivery is refused with it.
    if (!isPlugboardError(error)) throw error;
  }
  return new Map(Object.entries(app).filter(([name, { secret }]) => asked.has(name) && secret === true));
}

function textOf(entry: WebhookSecret | Secret | string | undefined): string | undefined {
  const secret = typeof entry === 'string' || isSecret(entry) ? entry : entry?.secret;
  return isSecret(secret) ? secret.reveal() : secret;
}
