/**
 * Calls that arrive while others are under way go together, in one statement and one commit. None waits for company: who
 * comes alone is sent at once.
 */
import { isPlugboardError } from './errors.ts';

export interface Grouping<Call, Answer> {
  /** Answers in the order of the calls. */
  run(calls: readonly Call[]): Promise<readonly Answer[]>;
  /** Only calls of one kind go together. */
  kindOf(call: Call): string;
  /** Of the memory that a call takes in a group, in bytes. */
  bytesOf(call: Call): number;
}

/** Groups under way. A second one, so that not all wait where the database lets one wait for a lock. */
const atOnce = 2;
const mostCalls = 100;
const mostBytes = 512 * 1024;

interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** The same calls, one at a time for whoever makes them. What fails of one fails for it alone, unless nothing answers. */
export function groupCalls<Call, Answer>(grouping: Grouping<Call, Answer>): (call: Call) => Promise<Answer> {
  let waiting: Waiting<Call, Answer>[] = [];
  let running = 0;

  function start(): void {
    const [first] = waiting;
    if (first === undefined || running >= atOnce) return;
    const kind = grouping.kindOf(first.call);
    const group: Waiting<Call, Answer>[] = [];
    let bytes = 0;
    for (const one of waiting) {
      bytes += grouping.bytesOf(one.call);
      if (group.length > 0 && (bytes > mostBytes || group.length >= mostCalls)) break;
      if (grouping.kindOf(one.call) !== kind) break;
      group.push(one);
    }
    waiting = waiting.slice(group.length);
    running += 1;
    void runGroup(grouping, group).finally(() => {
      running -= 1;
      start();
    });
    start();
  }

  return (call) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ call, resolve, reject });
    start();
    return promise;
  };
}

async function runGroup<Call, Answer>(
  grouping: Grouping<Call, Answer>,
  group: readonly Waiting<Call, Answer>[],
): Promise<void> {
  try {
    const answers = await grouping.run(group.map(({ call }) => call));
    for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
  } catch (error) {
    // What is refused of one must not keep the others out.
    if (group.length > 1 && !isOutage(error)) for (const one of group) await runGroup(grouping, [one]);
    else for (const { reject } of group) reject(error);
  }
}

/** Nothing is said of the calls: to send each of them again would only take longer. */
function isOutage(error: unknown): boolean {
  return !isPlugboardError(error) || ['network', 'timeout', 'unavailable'].includes(error.kind);
}
