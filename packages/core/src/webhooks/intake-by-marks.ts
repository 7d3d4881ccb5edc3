/**
 * For stores without an inbox: each event leaves a mark that it was handled, and nothing else. What keeps failing is gone
 * when the vendor gives up.
 */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { hashText } from '../hash.ts';
import { eachOnce } from './each-once.ts';
import type { Handlers } from './handlers.ts';
import type { Intake } from './intake.ts';
import { scopeOf } from './ownership.ts';
import { logFailure, recipientsOf, rememberMs, type Arrival } from './recipients.ts';
import { problem } from './reply.ts';
import type { WebhookReply } from './webhook.ts';

const processingMs = 60_000;

export function createIntakeByMarks(engine: Engine, handlers: Handlers): Intake {
  const { once } = engine.store;

  /**
   * Runs the handlers of one event unless they already ran; a crash in between lets the vendor's next try through.
   * Answers what a handler replied, a refusal, or nothing in particular.
   */
  async function takeOne(runtime: ProviderRuntime, item: Arrival): Promise<WebhookReply | undefined> {
    const key = `webhook:${scopeOf(runtime.definition.id, item.addressed)}:${await hashText('sha256', item.id, 'hex')}`;
    const mark = await once.put({ key, value: 'processing', ttlMs: processingMs });
    if (mark !== 'stored') return (await once.peek(key)) === 'done' ? undefined : problem(503, 'already_processing');
    try {
      const rows = await recipientsOf(engine, runtime, item);
      if (rows === 'foreign') {
        await once.take(key);
        return problem(403, 'foreign_account');
      }
      const ttlMs = rememberMs(runtime);
      const { result, failures } = await eachOnce(once, { key, ttlMs }, rows, (row) =>
        handlers.dispatch(runtime, item, row),
      );
      for (const failure of failures) logFailure(engine, runtime, item, failure);
      if (failures.length === 0) {
        await once.set(key, 'done', ttlMs);
        return result;
      }
    } catch (error) {
      logFailure(engine, runtime, item, { row: null, error });
    }
    await once.take(key);
    return problem(500, 'handler_failed');
  }

  return {
    async take(runtime, items) {
      const replies: (WebhookReply | undefined)[] = [];
      for (const item of items) replies.push(await takeOne(runtime, item));
      return replies;
    },
  };
}
