/** F07: what people paste where a key belongs. */
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { createRig, organizationId } from './support/rig.ts';
import { failureOf } from './support/transport-kit.ts';

describe('F07 an API key', () => {
  it.each([
    ['a line break', 'canary\r\nx-admin: 1'],
    ['a line feed', 'canary\nx'],
    ['a carriage return', 'canary\rx'],
    ['NUL', 'canary\0x'],
    ['a tab', 'canary\tx'],
    ['a space inside', 'canary x'],
    ['a letter beyond ASCII', 'canary\u00fc'],
    ['a no-break space', 'canary\u00a0x'],
    ['an invisible character', 'canary\u200bx'],
    ['half a character', 'canary\ud800'],
    ['more than 4 KB', `canary${'x'.repeat(4_091)}`],
    ['1 MB', 'canary'.repeat(175_000)],
    ['nothing', ''],
    ['white space', ' \t\r\n '],
  ])(
    'with %s is refused by the name of its field, never quoted, and nothing is sent or stored',
    async (_what, apiKey) => {
      const { board, calls, row } = createRig();
      const error = await failureOf(board.connect('acme', { organizationId, credentials: { apiKey } }));
      expect(error).toMatchObject({ kind: 'invalid_request', code: 'invalid_input' });
      expect(new Set(error.fields?.map(({ path }) => path))).toEqual(new Set(['apiKey']));
      expect(error.hint).toMatch(/\w/);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
      expect(calls).toEqual([]);
      expect(await row()).toBeNull();
    },
  );

  it.each([' acme-key', 'acme-key\n', '\t acme-key \r\n', '\u00a0acme-key\ufeff'])(
    'pasted as %j is the key without the white space around it',
    async (apiKey) => {
      const { board } = createRig();
      // The servers know the key as it is and no other.
      await expect(board.connect('acme', { organizationId, credentials: { apiKey } })).resolves.toBeDefined();
    },
  );

  it('of 4 KB is still a key', async () => {
    const { board, calls } = createRig();
    const apiKey = 'k'.repeat(4_096);
    const error = await failureOf(board.connect('acme', { organizationId, credentials: { apiKey } }));
    expect(error.status).toBe(401);
    expect(calls).toHaveLength(1);
  });
});
