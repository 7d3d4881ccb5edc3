/** How a board handles webhook events: while the vendor waits, or later. */
import { configurationError } from '../errors.ts';
import { dayMs } from './recipients.ts';

export interface WebhookOptions {
  /**
   * `inline`: handlers run before the vendor is answered, and a failure has it send again. `background`: the vendor is
   * answered once the event is stored, and the job `webhooks` runs the handlers. Default `inline`.
   */
  readonly dispatch?: 'inline' | 'background';
  /** Ids of providers that stay `inline` all the same: those whose handlers answer the vendor. */
  readonly inline?: readonly string[];
  /**
   * In the background, events of one connection one after the other, as they came. One that fails holds up those behind it
   * until it is handled or dead. Default false: side by side.
   */
  readonly ordered?: boolean;
  /** Tries in the background before an event is dead. Default 8, over about eight hours. */
  readonly attempts?: number;
  /** Events that the job of one process works on at once. Default 20. */
  readonly inFlight?: number;
  /** Days for which failed and dead events are kept. Default 30. */
  readonly keepDays?: number;
}

export interface WebhookPlan {
  /** Whether events of the provider wait for the job. */
  isBackground(provider: string): boolean;
  readonly ordered: boolean;
  readonly attempts: number;
  readonly inFlight: number;
  readonly keepMs: number;
}

const dispatches: ReadonlySet<string> = new Set(['inline', 'background']);
const names: ReadonlySet<string> = new Set(['dispatch', 'inline', 'ordered', 'attempts', 'inFlight', 'keepDays']);

/**
 * @param hasInbox Whether the store can keep events.
 * @throws PlugboardError kind `configuration`, codes `invalid_webhooks` and `no_inbox`.
 */
export function planWebhooks(
  options: WebhookOptions | undefined,
  providers: ReadonlyMap<string, unknown>,
  hasInbox: boolean,
): WebhookPlan {
  const given = options ?? {};
  const { dispatch = 'inline', inline = [], ordered = false, attempts = 8, inFlight = 20, keepDays = 30 } = given;
  const whole = Object.entries({ attempts, inFlight, keepDays });
  const outOfRange = whole.find(([name, value]) => !isWhole(value, name === 'keepDays' ? 365 : 1_000));
  const unknown = Object.keys(given).find((name) => !names.has(name));
  const problem =
    unknown !== undefined
      ? `${unknown}\` is no option`
      : !dispatches.has(dispatch)
        ? 'dispatch` is neither `inline` nor `background`'
        : typeof ordered !== 'boolean'
          ? 'ordered` is neither true nor false'
          : ordered && dispatch === 'inline'
            ? "ordered` is for `dispatch: 'background'` alone"
            : !Array.isArray(inline) || !inline.every((id) => providers.has(id as string))
              ? 'inline` is no list of ids of providers of this board'
              : outOfRange &&
                `${outOfRange[0]}\` is not a whole number from 1 to ${outOfRange[0] === 'keepDays' ? 365 : 1_000}`;
  if (problem !== undefined) {
    const hint = `Options are: ${[...names].join(', ')}. Leave them out for the defaults.`;
    throw configurationError('invalid_webhooks', `Option \`webhooks.${problem}.`, hint);
  }
  if (dispatch === 'background' && !hasInbox) {
    throw configurationError(
      'no_inbox',
      'Webhook events cannot be handled in the background: the store has no `inbox` to keep them in.',
      'Use a store of Plugboard, implement `inbox` in your own, or leave out `webhooks.dispatch`.',
    );
  }
  const exceptions = new Set(inline);
  return {
    isBackground: (provider) => dispatch === 'background' && !exceptions.has(provider),
    ordered,
    attempts,
    inFlight,
    keepMs: keepDays * dayMs,
  };
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;
}
