/** Events of the inbox that this process works on: whoever dies loses them within a minute, whoever is slow does not. */
import type { Cancel } from '../clock.ts';
import type { Engine } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { InboxHold, InboxOutcome, InboxStore } from '../store-inbox.ts';

export const leaseMs = 60_000;
/** Twice, before a lease ends. */
const beatMs = 20_000;

export interface Hold {
  /** True while the event is this process's to handle: another one has taken it over where the lease was lost. */
  has(id: string): boolean;
  /** Writes how the try ended. False: the event was taken over meanwhile. */
  settle(id: string, outcome: InboxOutcome): Promise<boolean>;
  /** Stops prolonging. What is not settled comes back when its lease ends. */
  end(): void;
}

export function holdEvents({ clock, log }: Engine, inbox: InboxStore, holds: readonly InboxHold[]): Hold {
  const held = new Map(holds.map((hold) => [hold.id, hold]));
  let cancel: Cancel = clock.after(beatMs, beat);
  let ended = false;

  function beat(): void {
    void prolong().then(() => {
      if (!ended && held.size > 0) cancel = clock.after(beatMs, beat);
    });
  }

  async function prolong(): Promise<void> {
    const asked = [...held.values()];
    try {
      const kept = await inbox.extend(asked, leaseMs);
      for (const [index, { id }] of asked.entries()) if (kept[index] !== true) held.delete(id);
    } catch (error) {
      // The next beat still comes before the lease ends.
      log.warn(errorFields(error), 'leases of webhook events could not be prolonged');
    }
  }

  return {
    has: (id) => held.has(id),
    async settle(id, outcome) {
      const hold = held.get(id);
      held.delete(id);
      return hold !== undefined && inbox.settle(hold, outcome);
    },
    end() {
      ended = true;
      cancel();
    },
  };
}
