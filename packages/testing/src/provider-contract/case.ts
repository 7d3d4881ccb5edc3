/** What the suite is made of. */
import type { AccountRef, AnyProvider, JsonObject } from '@plugboard/core';

export interface ProviderCase {
  /** Unique within a provider; starts with the security rows it proves, where there are any. */
  readonly name: string;
  /** Rejects when the provider breaks the contract. */
  run(): Promise<void>;
}

export type AnyFactory = (options?: Readonly<Record<string, string | boolean>>) => AnyProvider;

export interface ProviderContractOptions {
  /** The account that the declared examples speak of; connecting must find it. */
  readonly account?: AccountRef;
  /** The same for auth methods that connect another one. */
  readonly accounts?: Readonly<Record<string, AccountRef>>;
  /** Values of the app fields, where any text will not do. */
  readonly app?: Readonly<Record<string, string>>;
  /** Credentials by auth method, where the declared example will not do. */
  readonly credentials?: Readonly<Record<string, JsonObject>>;
  /** Values that a tenant gives before the redirect, by auth method. */
  readonly input?: Readonly<Record<string, JsonObject>>;
  /** Settings of the connection under test. */
  readonly settings?: JsonObject;
  /** What a healthy connection reports. Default `healthy`; `unknown` where the vendor offers no safe check. */
  readonly health?: 'healthy' | 'unknown';
  /**
   * Cases that this provider cannot pass, by name, each with the reason. An excepted case must fail: one that passes is
   * out of date.
   */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** A provider and what the suite knows about it. */
export interface Subject {
  readonly factory: AnyFactory;
  readonly options: ProviderContractOptions;
  /** Name of the method that connects. Default: the first. */
  readonly by?: string;
}

/** The subject, connected by a way that can do what is declared. */
export function ableTo(subject: Subject, { methods: [by] = [] }: { readonly methods?: readonly string[] }): Subject {
  return by === undefined ? subject : { ...subject, by };
}

export function providerCase(name: string, run: () => Promise<void> | void): ProviderCase {
  return { name, run: async () => run() };
}
