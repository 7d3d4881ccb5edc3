/** What becomes of the events of a verified delivery: each of them durable or handled before the vendor is answered. */
import type { ProviderRuntime } from '../engine.ts';
import type { Arrival } from './recipients.ts';
import type { WebhookReply } from './webhook.ts';

export interface Intake {
  /** For each event what a handler replied, a refusal, or nothing in particular. */
  take(runtime: ProviderRuntime, items: readonly Arrival[]): Promise<readonly (WebhookReply | undefined)[]>;
}
