/** Schemas written as the values they describe: one declaration is the type, the validation and the true example. */
import { lazySchema, schemaOf } from './lazy-schema.ts';
import * as z from './zod.ts';

/** A true value, or a schema where a value cannot say it. Null shows what nobody here reads. */
export type Sample =
  | null
  | string
  | number
  | boolean
  | z.ZodType
  | readonly Sample[]
  | { readonly [member: string]: Sample | undefined };
export type Members = Readonly<Record<string, Sample>>;

export type SchemaLike<S> = S extends z.ZodType
  ? S
  : S extends null
    ? z.ZodUnknown
    : S extends string
      ? z.ZodString
      : S extends number
        ? z.ZodNumber
        : S extends boolean
          ? z.ZodBoolean
          : S extends readonly (infer Item)[]
            ? z.ZodArray<SchemaLike<Item>>
            : z.ZodObject<{ [Name in keyof S]: SchemaLike<S[Name]> }, z.core.$loose>;

type Answer<Required, Nullish> = z.ZodObject<
  { [Name in keyof Required]: SchemaLike<Required[Name]> } & {
    [Name in keyof Nullish]: z.ZodOptional<z.ZodNullable<z.ZodType & SchemaLike<Nullish[Name]>>>;
  },
  z.core.$loose
>;

type Given<Required, Optional> = z.ZodObject<
  { [Name in keyof Required]: SchemaLike<Required[Name]> } & {
    [Name in keyof Optional]: z.ZodOptional<z.ZodType & SchemaLike<Optional[Name]>>;
  },
  z.core.$strict
>;

type NoMembers = Record<never, never>;

/** What members without a name must be, shared by all objects: `looseObject` and `strictObject` make one for each. */
const anything = z.unknown();
const refused = z.never();

/** An answer without a body; one that the vendor adds some day is no failure. */
export const nothing = anything.transform(() => undefined);

/**
 * An answer like this one: members that are not named survive.
 * @param required members that every answer has; @param nullish members that may be null or absent
 * @example like({ id: 'cus_1', created: 1680893993, tags: ['vip'] }, { email: 'jenny@example.com' })
 */
export function like<const R extends Members, const N extends Members = NoMembers>(
  required: R,
  nullish?: N,
): Answer<Widened<R>, Widened<N>> {
  return lazySchema(() => {
    const shape: Shape = {};
    addMembers(shape, required, (schema) => schema);
    addMembers(shape, nullish, (schema) => schema.nullish());
    return new z.ZodObject({ type: 'object', shape, catchall: schemaOf(anything) });
  }) as unknown as Answer<Widened<R>, Widened<N>>;
}

/**
 * An input like this one and with no other member; texts are not empty.
 * @param required members that must be given; @param optional members that may be left out
 * @example given({ id: 'cus_1' }, { email: 'jenny@example.com', limit: z.int().min(1).max(100) })
 */
export function given<const R extends Members, const O extends Members = NoMembers>(
  required: R,
  optional?: O,
): Given<Widened<R>, Widened<O>> {
  return lazySchema(() => {
    const shape: Shape = {};
    addMembers(shape, required, notEmpty);
    addMembers(shape, optional, (schema) => notEmpty(schema).optional());
    return new z.ZodObject({ type: 'object', shape, catchall: schemaOf(refused) });
  }) as unknown as Given<Widened<R>, Widened<O>>;
}

/** `'cus_1'` stands for any text: literals are examples, not constants. */
type Widened<S> = S extends z.ZodType | null
  ? S
  : S extends string
    ? string
    : S extends number
      ? number
      : S extends boolean
        ? boolean
        : S extends readonly (infer Item)[]
          ? Widened<Item>[]
          : { -readonly [Name in keyof S]: Widened<S[Name]> };

type Shape = Record<string, z.ZodType>;

/** As getters, which zod reads when the object first judges a value: many are made only to be extended. */
function addMembers(shape: Shape, members: Members = {}, change: (schema: z.ZodType) => z.ZodType): void {
  for (const [name, sample] of Object.entries(members)) {
    Object.defineProperty(shape, name, {
      enumerable: true,
      configurable: true,
      get: () => schemaOf(change(schemaLike(sample))),
    });
  }
}

/** Texts of inputs: an empty one would be sent as «nothing», and vendors differ in what that means. */
function notEmpty(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodString) || schema.minLength !== null) return schema;
  const { examples } = (schema.meta() ?? {}) as { examples?: unknown[] };
  const filled = schema.min(1);
  return examples === undefined ? filled : filled.meta({ examples });
}

function schemaLike(sample: Sample): z.ZodType {
  if (sample instanceof z.ZodType) return sample;
  if (sample === null) return z.unknown().meta({ examples: [null] });
  if (typeof sample === 'string') return z.string().meta({ examples: [sample] });
  if (typeof sample === 'number') return z.number().meta({ examples: [sample] });
  if (typeof sample === 'boolean') return z.boolean().meta({ examples: [sample] });
  if (!Array.isArray(sample)) return like(sample as Members);
  const items = (sample as readonly Sample[]).map(schemaLike);
  const list = z.array(items[0] ?? z.unknown());
  // Several items are several examples of one kind.
  const texts = (sample as readonly Sample[]).every((item) => typeof item === 'string' || typeof item === 'number');
  return texts ? list.meta({ examples: [sample] }) : list;
}
