/**
 * Schema helpers for provider packages: the fields of credentials and settings.
 * Their titles and help texts become the labels of the hub's forms, the docs tables and the CLI prompts.
 */
import * as zod from 'zod';

import { hostProblem, urlProblem } from './host-name.ts';
import { lazySchema } from './lazy-schema.ts';
import { Secret } from './secret.ts';

export interface FieldOptions {
  /** One sentence for the person who fills in the form: where to find the value. */
  readonly help?: string;
  /** What a value looks like, never a working one. */
  readonly example?: string;
  /** The grammar of the value. */
  readonly pattern?: RegExp;
  /** Longest accepted value in characters. Default 4096. */
  readonly maxLength?: number;
}

// Visible ASCII only: a credential ends in a header, where CR, LF and NUL would split the request.
const visibleAscii = /^[\x21-\x7e]+$/;

/** A secret field: accepts a string, yields a `Secret`; surrounding white space from copy and paste is dropped. */
export function secret(title: string, options: FieldOptions = {}) {
  return textBase(title, options, { secret: true })
    .regex(options.pattern ?? visibleAscii, { error: `does not look like: ${title}` })
    .transform((value) => new Secret(value));
}

/** A text field that is not secret: an id, a domain, a name. */
export function text(title: string, options: FieldOptions = {}) {
  const base = textBase(title, options, {});
  return options.pattern === undefined ? base : base.regex(options.pattern, { error: `does not look like: ${title}` });
}

/** A host that the tenant names: `storage.example.com`, with `:port` where it is not 443. For `tenantHosts`. */
export function host(title: string, options: Omit<FieldOptions, 'pattern'> = {}) {
  return textBase(title, options, {}).superRefine(refuse(hostProblem));
}

/** A base URL that the tenant names, kept without trailing slashes; `hostOf` reads its host for `tenantHosts`. */
export function baseUrl(title: string, options: Omit<FieldOptions, 'pattern'> = {}) {
  return textBase(title, options, {})
    .superRefine(refuse(urlProblem))
    .transform((url) => url.replace(/(?<!\/)\/+$/, ''));
}

function refuse(problemOf: (text: string) => string | undefined) {
  return (value: string, context: zod.RefinementCtx): void => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}

function textBase(title: string, options: FieldOptions, extra: Record<string, unknown>) {
  const { help, example } = options;
  const missing = { error: `${title} is required` };
  const tooLong = { error: `${title} is too long` };
  // In one `check`, because each method of a schema makes another schema.
  return lazySchema(() =>
    zod
      .string(missing)
      .check(
        zod.trim(),
        // Of an empty field it is enough to hear that it is empty.
        zod.minLength(1, { ...missing, abort: true }),
        zod.maxLength(options.maxLength ?? 4096, tooLong),
      )
      .meta({ title, ...(help && { description: help }), ...(example && { examples: [example] }), ...extra }),
  );
}

export { hostOf } from './host-name.ts';
export { channelOf, isMuted, notificationSettings, type NotificationSettings } from './notifications.ts';
export * as z from './zod.ts';
export { given, like, nothing, type Members, type Sample, type SchemaLike } from './shapes.ts';
