/**
 * Portable interfaces that several vendors implement, so that a host can swap one for another.
 * A capability is a function from `Api` to its implementation; a provider has it or has it not.
 */
import type { ChatCapability, EmbedCapability } from './capabilities/language.ts';
import type { ErrorReportingCapability, TrackCapability } from './capabilities/observe.ts';
import type { FilesCapability } from './capabilities/files.ts';
import type { MessageReceipt } from './capabilities/receipt.ts';
import type { Api } from './endpoint.ts';

export type * from './capabilities/files.ts';
export type * from './capabilities/language.ts';
export type * from './capabilities/observe.ts';
export type * from './capabilities/receipt.ts';

export interface EmailAddress {
  readonly email: string;
  readonly name?: string;
}

export interface EmailMessage {
  /** `a@b.c`, `Name <a@b.c>` or an object. */
  readonly from: string | EmailAddress;
  readonly to: string | EmailAddress | readonly (string | EmailAddress)[];
  readonly cc?: readonly (string | EmailAddress)[];
  readonly bcc?: readonly (string | EmailAddress)[];
  readonly replyTo?: string | EmailAddress;
  readonly subject: string;
  /** At least one of `html` and `text`. */
  readonly html?: string;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly attachments?: readonly {
    readonly filename: string;
    readonly content: Uint8Array;
    readonly contentType?: string;
  }[];
  /** Sent at most once for the same key, where the vendor honours one. */
  readonly idempotencyKey?: string;
}

export interface EmailCapability {
  send(message: EmailMessage): Promise<MessageReceipt>;
}

export interface SmsMessage {
  /** E.164. */
  readonly to: string;
  /** E.164 or a sender id; default: the connection's setting. */
  readonly from?: string;
  readonly text: string;
}

export interface SmsCapability {
  send(message: SmsMessage): Promise<MessageReceipt>;
}

export interface Notification {
  readonly text: string;
  /** Shown in bold above the text, where the vendor can. */
  readonly title?: string;
  /** The host's own kind of notification (`order.created`); routes it by the connection's settings. */
  readonly type?: string;
  /** The vendor's channel or user; default: the connection's setting. */
  readonly to?: string;
}

export interface NotifyCapability {
  send(notification: Notification): Promise<MessageReceipt>;
}

/** Someone a conversion is about. Plain values: the provider normalises and hashes what its vendor wants hashed. */
export interface ConversionPerson {
  readonly email?: string;
  /** E.164. */
  readonly phone?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly city?: string;
  readonly region?: string;
  readonly postalCode?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly externalId?: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

export interface Conversion {
  /** `purchase`, `lead`, `sign_up` ... or the vendor's own name. */
  readonly name: string;
  /** Unique per event: vendors that de-duplicate do it by this id. */
  readonly id: string;
  readonly at: Date;
  readonly value?: number;
  /** ISO 4217. */
  readonly currency?: string;
  readonly orderId?: string;
  readonly person: ConversionPerson;
  /** The vendor's click ids: `gclid`, `fbc`, `fbp` ... */
  readonly clickIds?: Readonly<Record<string, string>>;
  readonly sourceUrl?: string;
  readonly source?: 'website' | 'app' | 'phone' | 'store' | 'other';
}

export interface ConversionReceipt {
  /** Accepted for processing; vendors judge later. */
  readonly accepted: number;
  /** Refused ones by their index in the input. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
  /** The vendor's handle for asking about the batch. */
  readonly requestId?: string;
}

export interface ConversionsCapability {
  send(conversions: readonly Conversion[]): Promise<ConversionReceipt>;
}

export interface AdSpendQuery {
  /** First and last day, `YYYY-MM-DD`, in the ad account's time zone, both included. */
  readonly since: string;
  readonly until: string;
}

/** One campaign on one day. */
export interface AdSpendRow {
  readonly date: string;
  readonly campaignId: string;
  readonly campaignName: string;
  /** In major units of `currency`, as the vendor reports it. */
  readonly spend: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly conversions: number | null;
  readonly conversionValue: number | null;
}

export type AdSpendCapability = (query: AdSpendQuery) => AsyncIterable<AdSpendRow>;

/** Every capability by name. */
export interface CapabilityMap {
  readonly email: EmailCapability;
  readonly sms: SmsCapability;
  readonly notify: NotifyCapability;
  readonly conversions: ConversionsCapability;
  readonly adSpend: AdSpendCapability;
  readonly chat: ChatCapability;
  readonly embed: EmbedCapability;
  readonly track: TrackCapability;
  readonly errorReporting: ErrorReportingCapability;
  readonly files: FilesCapability;
}

export type CapabilityName = keyof CapabilityMap;

type Streams<F> = F extends (...args: never) => infer R ? (R extends AsyncIterable<unknown> ? true : false) : false;
type StreamedMember<C> =
  Streams<C> extends true ? '' : { [K in keyof C]: Streams<C[K]> extends true ? K : never }[keyof C];

/**
 * What comes one by one, of each capability that has any; `''` is the capability itself. A client has to know it before
 * there is an access: an iterable starts when it is read, everything else when it is called.
 */
export const streamedMembers: Readonly<Partial<Record<CapabilityName, readonly string[]>>> = {
  adSpend: [''],
  chat: ['stream'],
  files: ['list'],
} satisfies { readonly [Name in StreamedCapability]: readonly StreamedMember<CapabilityMap[Name]>[] };

type StreamedCapability = {
  [Name in CapabilityName]: [StreamedMember<CapabilityMap[Name]>] extends [never] ? never : Name;
}[CapabilityName];

/** What a provider declares: for each capability, how to make it from one connection's `Api`. */
export type Capabilities<Names extends CapabilityName = CapabilityName> = {
  readonly [Name in Names]: (api: Api) => CapabilityMap[Name];
};

export type CapabilitiesClient<Names> = {
  readonly [Name in Names & CapabilityName]: CapabilityMap[Name];
};
