/** What operations take in. */
import { accepts } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { ableTo, providerCase, type ProviderCase, type Subject } from './case.ts';
import { declarationsOf, neededOf } from './declared.ts';
import { withConnection } from './world.ts';

export function inputCases(subject: Subject): readonly ProviderCase[] {
  return declarationsOf(subject.factory().definition).map(({ name, declared }) =>
    providerCase(`input ${name}: strict, and refused before anything is sent`, () =>
      withConnection(ableTo(subject, declared), async (world) => {
        const { input, example } = declared;
        expect(accepts(input, example.input), 'the example fits its schema').toBe(true);
        const given = Object(example.input) as Record<string, unknown>;
        const refused = async (value: unknown, what: string) => {
          const error = await world.refusal(Promise.resolve(world.call(name, value)));
          expect(error, what).toMatchObject({ kind: 'invalid_request', code: 'invalid_input' });
          return error.fields?.map(({ path }) => path) ?? [];
        };
        await refused({ ...given, plugboardUnknown: true }, 'a member that does not exist');
        await refused('text', 'a text instead of an object');
        for (const field of neededOf(input, given)) {
          const { [field]: _missing, ...rest } = given;
          const named = await refused(rest, `without ${field}`);
          // A rule about several members has no field of its own.
          expect(
            named.some((path) => path === '' || path.split('.')[0] === field),
            `${field} is named`,
          ).toBe(true);
        }
        expect(world.edge.requests).toEqual([]);
      }),
    ),
  );
}
