/** What the code behind a route gets and gives, by the route's declaration. */
import type { AnyProvider, Plugboard } from '@plugboard/core';
import type { z } from 'zod';

import type { AddressOf, RouteName } from './addresses.ts';
import type { Caller } from './caller.ts';
import type { Routes } from './routes.ts';

/** A board whose providers are known at run time only. */
export type AnyBoard = Plugboard<readonly AnyProvider[]>;

type Out<S> = S extends z.ZodType ? z.output<S> : undefined;
type In<S> = S extends z.ZodType ? z.input<S> : undefined;

/** Names in the braces of an address. */
export type PathNames<Address extends string> = Address extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

export interface Call<Name extends RouteName> {
  readonly request: Request;
  readonly path: { readonly [Key in PathNames<AddressOf<Name>>]: string };
  readonly query: Out<Routes[Name]['query']>;
  readonly body: Out<Routes[Name]['body']>;
  /** Who asks; nobody at routes that are open or judge the session by themselves. */
  readonly caller: Caller;
  /** Whose connection is meant: the organization of the session, the label of the query. */
  readonly target: { readonly organizationId: string; readonly label?: string };
  /** Sent along with the answer. */
  readonly headers: Headers;
}

export type Implementation<Name extends RouteName> = (
  call: Call<Name>,
) => Promise<In<Routes[Name]['answer']> | Response>;

export type Implementations<Names extends RouteName = RouteName> = { readonly [Name in Names]: Implementation<Name> };
