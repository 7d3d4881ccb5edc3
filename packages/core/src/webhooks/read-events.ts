import type { Engine } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import type { WebhookDefinition } from '../provider.ts';
import { problem } from './reply.ts';
import type { Delivery, WebhookEvent, WebhookReply } from './webhook.ts';

/** What a verified delivery says; the answer to one that is believed and not understood, which nothing cures. */
export function readEvents(
  { log }: Pick<Engine, 'log'>,
  provider: string,
  { parse, refusals }: Pick<WebhookDefinition, 'parse' | 'refusals'>,
  delivery: Delivery,
): readonly WebhookEvent[] | WebhookReply {
  try {
    return parse(delivery);
  } catch (error) {
    if (!isPlugboardError(error) || (error.kind !== 'invalid_request' && error.kind !== 'invalid_response'))
      throw error;
    log.error({ provider, ...errorFields(error) }, 'a webhook could not be read');
    return problem(refusals?.malformed ?? 400, error.code);
  }
}
