/** What one route is declared by: from it come its validation, its part of the document and the types of its client. */
import type { z } from 'zod';

import type { Permission } from './caller.ts';

/** `open` answers anybody; `flow` is judged by the state of a connect flow, its cookie and the session. */
export type Who = Permission | 'open' | 'flow';

/** Codes of the library that the route may answer, by status. Vendors' refusals may have others. */
export type ErrorCodes = Readonly<Record<number, readonly string[]>>;

export interface Route<
  Query extends z.ZodRawShape = z.ZodRawShape,
  Body extends z.ZodRawShape = z.ZodRawShape,
  Answer extends z.ZodRawShape = z.ZodRawShape,
> {
  readonly who: Who;
  readonly summary: string;
  /** Members that are not declared are ignored: other parts of an address may be the host's. */
  readonly query: z.ZodObject<Query>;
  /** A JSON object without further members; null where the body, if any, is not looked at. */
  readonly body: z.ZodObject<Body, z.core.$strict> | null;
  /** The JSON of a 200; null where the browser gets a redirect (303) or a page. */
  readonly answer: z.ZodObject<Answer> | null;
  /** What a 200 of HTML is for, where the route answers one. */
  readonly page?: string;
  readonly errors: readonly ErrorCodes[];
}
