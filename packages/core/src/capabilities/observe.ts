/** What people do, and what goes wrong. */
import type { JsonObject } from '../json.ts';
import type { MessageReceipt } from './receipt.ts';

/** Events that every product has, with what they must tell. Any other name is the host's own. */
export interface KnownEvents {
  readonly user_signed_up: { readonly method?: string; readonly plan?: string };
  /** Reached what makes the product worth keeping: a first project, a first sale. */
  readonly user_activated: { readonly milestone: string };
  readonly feature_used: { readonly feature: string };
}

interface EventFacts {
  /** Whom it is about: the host's user id, or an anonymous id until there is one. */
  readonly personId: string;
  /** Default: now. */
  readonly at?: Date;
  /** Counted once, where the vendor de-duplicates. */
  readonly id?: string;
  /** Groups by type: `{ company: 'acme' }`. */
  readonly groups?: Readonly<Record<string, string>>;
  readonly properties?: JsonObject;
}

export type TrackEvent<Name extends string = string> = EventFacts & {
  readonly name: Name;
} & (Name extends keyof KnownEvents ? { readonly properties: KnownEvents[Name] } : unknown);

export interface TrackCapability {
  /** Resolves when the event is taken in, here or at the vendor: `flush` sends what is still here. */
  capture<const Name extends string>(event: TrackEvent<Name>): Promise<void>;
  identify(person: {
    readonly personId: string;
    readonly traits?: JsonObject;
    /** Set only where nothing is set yet. */
    readonly traitsOnce?: JsonObject;
  }): Promise<void>;
  /**
   * Both ids are the same person: an anonymous one and the one it became.
   * @throws PlugboardError code `unsupported`, as `identify` and `group` do, where the vendor knows no such thing.
   */
  alias(ids: { readonly personId: string; readonly alias: string }): Promise<void>;
  group(group: { readonly type: string; readonly key: string; readonly traits?: JsonObject }): Promise<void>;
  /** Before a process ends that does not call `board.stop()`. */
  flush(): Promise<void>;
}

export interface ErrorContext {
  readonly user?: { readonly id?: string; readonly email?: string; readonly name?: string };
  /** Searchable. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly extra?: JsonObject;
  readonly level?: 'fatal' | 'error' | 'warning' | 'info' | 'debug';
}

export interface ErrorReportingCapability {
  captureException(error: unknown, context?: ErrorContext): Promise<MessageReceipt>;
  captureMessage(message: string, context?: ErrorContext): Promise<MessageReceipt>;
  /** Goes with every later report of this connection from this process; a report's own context goes before it. */
  setErrorContext(context: ErrorContext): Promise<void>;
  flush(): Promise<void>;
}
