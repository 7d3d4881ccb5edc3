/**
 * `z` of `@plugboard/core/fields`: zod's builders, whose schemas are made when they are first used. The types are zod's,
 * and so is every schema once it is made. What is not here has no user among the providers; `zod` itself has it.
 */
import * as zod from 'zod';

import type { Json } from './json.ts';
import { lazily } from './lazy-schema.ts';

export type * from 'zod';
export { regexes, ZodObject, ZodString, ZodType } from 'zod';

export const array: typeof zod.array = lazily(zod.array);
export const base64: typeof zod.base64 = lazily(zod.base64);
export const boolean: typeof zod.boolean = lazily(zod.boolean);
export const custom: typeof zod.custom = lazily(zod.custom);
export const date: typeof zod.date = lazily(zod.date);
export const discriminatedUnion: typeof zod.discriminatedUnion = lazily(zod.discriminatedUnion);
export const e164: typeof zod.e164 = lazily(zod.e164);
export const email: typeof zod.email = lazily(zod.email);
export const exactOptional: typeof zod.exactOptional = lazily(zod.exactOptional);
export const hostname: typeof zod.hostname = lazily(zod.hostname);
export const int: typeof zod.int = lazily(zod.int);
export const int32: typeof zod.int32 = lazily(zod.int32);
/** Typed by core's own name of JSON, so that declarations of providers name nothing of zod's. */
export const json = lazily(zod.json) as () => zod.ZodType<Json, Json>;
export const literal: typeof zod.literal = lazily(zod.literal);
export const looseObject: typeof zod.looseObject = lazily(zod.looseObject);
export const never: typeof zod.never = lazily(zod.never);
export const number: typeof zod.number = lazily(zod.number);
export const object: typeof zod.object = lazily(zod.object);
export const record: typeof zod.record = lazily(zod.record);
export const strictObject: typeof zod.strictObject = lazily(zod.strictObject);
export const string: typeof zod.string = lazily(zod.string);
export const tuple: typeof zod.tuple = lazily(zod.tuple);
export const union: typeof zod.union = lazily(zod.union);
export const unknown: typeof zod.unknown = lazily(zod.unknown);
export const url: typeof zod.url = lazily(zod.url);
export const uuid: typeof zod.uuid = lazily(zod.uuid);
export const xor: typeof zod.xor = lazily(zod.xor);

const enumeration: typeof zod.enum = lazily(zod.enum);
const instance: typeof zod.instanceof = lazily(zod.instanceof);
const absent: typeof zod.undefined = lazily(zod.undefined);
export { enumeration as enum, instance as instanceof, absent as undefined };

export const iso: Pick<typeof zod.iso, 'date' | 'datetime'> = {
  date: lazily(zod.iso.date),
  datetime: lazily(zod.iso.datetime),
};
export const coerce: Pick<typeof zod.coerce, 'number'> = { number: lazily(zod.coerce.number) };
