/** What became of connections, said by the vendor's ledger and the rows alone. */
import type { World } from './world.ts';

export interface Verdict {
  /** Connections that work, with what is stored, after their tokens have expired once more. */
  readonly recovered: number;
  /** Connections that ended; each by its reason. */
  readonly lost: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Spent refresh tokens that the vendor saw again. */
  readonly reuse: number;
  /** Ended connections whose grant lives at the vendor, and ended grants whose connection does not say so. */
  readonly unseen: number;
}

/** Longer than a lease, and than the pause before a refusal is confirmed. */
export const turnMs = 80_000;
const hourMs = 3_600_000;

/** Lets time pass until every connection has either been refreshed or ended, then asks all that live. */
export async function judge(
  world: World,
  labels: readonly string[],
  attempt: () => Promise<unknown>,
): Promise<Verdict> {
  // The lease ends; a refusal is confirmed; what is left of either.
  for (let turn = 0; turn < 3; turn++) {
    await world.elapse(labels, turnMs);
    await attempt();
  }
  return judgeNow(world, labels);
}

export async function judgeNow({ vendor, ...world }: World, labels: readonly string[]): Promise<Verdict> {
  await world.elapse(labels, hourMs);
  const failed = await world.use(labels);
  const states = await world.states(labels);
  const families = new Map(vendor.ledger.families().map((family) => [family.account.id, family]));
  const reasons: Record<string, number> = {};
  let unseen = 0;
  for (const { label, status, reason } of states) {
    const ended = status === 'expired';
    if (ended) reasons[reason ?? 'none'] = (reasons[reason ?? 'none'] ?? 0) + 1;
    if (ended !== (families.get(label)?.revokedAt !== null)) unseen++;
  }
  const ids = new Set(labels.map((label) => families.get(label)?.id));
  return {
    recovered: labels.length - failed.length,
    lost: states.filter(({ status }) => status === 'expired').length,
    reasons,
    reuse: vendor.ledger.reuses.filter(({ family }) => ids.has(family)).length,
    unseen,
  };
}
