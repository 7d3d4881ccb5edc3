/** A token endpoint that says when it may be asked again. */
import { expect, test } from 'vitest';

import { count, createFleet, refreshJob, seededChance } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { createRig, drive } from '../../../core/test/support/rig.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const responses = sized(1_000, 10_000);
const connections = 100;
/** What the endpoint takes to refuse: the wait that it asks for begins with its answer. */
const thinksMs = 20_000;

test(
  'R27 no call comes before the time that Retry-After names, from whichever process',
  { timeout: sized(60_000, 600_000) },
  async (context) => {
    const fleet = createFleet({ rotation: 'strict' });
    await populate(fleet, { count: connections });
    fleet.oauth.switches.token.always({ expiresIn: 120 });
    await fleet.clock.advance(50 * 60_000);
    const { clock } = fleet;
    const chance = seededChance(3);
    const notBefore = new Map<string, number>();
    const early: string[] = [];
    const forms = new Map<string, number>();
    let answered = 0;
    fleet.between.fault = (token) => {
      const at = notBefore.get(token) ?? 0;
      if (clock.monotonic() < at) early.push(`${at - clock.monotonic()} ms`);
      if (answered >= responses || chance() < 0.3) return undefined;
      answered++;
      const asked = pick(chance(), clock.now() + thinksMs);
      count(forms, asked.form);
      notBefore.set(token, clock.monotonic() + thinksMs + asked.ms);
      const headers = { date: new Date(clock.now() + thinksMs).toUTCString(), 'retry-after': asked.header };
      return clock.sleep(thinksMs).then(() => new Response(null, { status: chance() < 0.5 ? 429 : 503, headers }));
    };
    while (answered < responses) {
      // Processes that have just started remember nothing: what the rows say is all they know.
      const processes = [1, 2].map(() =>
        createRig({ rotation: 'strict' }, { store: fleet.store, clock, wire: fleet.wire }),
      );
      await drive(fleet, Promise.all(processes.map((one) => refreshJob(one).run())));
      await clock.advance(15_000);
    }
    await noteRow(context, 'R27', { responses: answered, early: early.length });
    expect(early).toEqual([]);
    expect([...forms.keys()].toSorted()).toEqual(['a date', 'junk', 'one second', 'two minutes']);
    expect(fleet.oauth.ledger.reuses).toEqual([]);
  },
);

function pick(draw: number, now: number): { readonly form: string; readonly header: string; readonly ms: number } {
  if (draw < 0.25) return { form: 'one second', header: '1', ms: 1_000 };
  if (draw < 0.5) return { form: 'two minutes', header: '120', ms: 120_000 };
  if (draw < 0.75) {
    // A date has whole seconds.
    const until = Math.floor((now + 90_000) / 1_000) * 1_000;
    return { form: 'a date', header: new Date(until).toUTCString(), ms: until - now };
  }
  return { form: 'junk', header: 'tomorrow, perhaps', ms: 0 };
}
