import { configurationError } from '@plugboard/core/store-kit';

import type { Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../failure.ts';
import { columns, count, printable } from '../terminal.ts';

export const createVaultKey: Run = async ({ terminal, json }) => {
  const { createKey } = await import('@plugboard/core');
  const key = createKey();
  terminal.print(json ? JSON.stringify({ key }) : key);
  return exitCodes.ok;
};

export const status: Run = async ({ terminal, json, board }) => {
  const { operator, vault } = await board();
  const { rows, byKey, missingKey, malformed } = await vault.status();
  const processes = await operator.processes();
  const [primary = ''] = operator.keyIds;
  const behind = processes.filter(({ keyIds }) => operator.keyIds.some((keyId) => !keyIds.includes(keyId)));
  const bad = missingKey > 0 || malformed > 0;
  if (json) {
    const keys = Object.fromEntries(byKey);
    terminal.print(
      JSON.stringify({ primary, ring: operator.keyIds, rows, byKey: keys, missingKey, malformed, processes }, null, 2),
    );
    return bad ? exitCodes.problems : exitCodes.ok;
  }
  terminal.print(`${count(rows, 'sealed connection')} in the environment ${printable(operator.environment)}`);
  const rowOf = ([keyId, number]: readonly [string, number]) => [
    `  ${keyId}`,
    number.toLocaleString('en-US'),
    keyId === primary
      ? 'seals'
      : operator.keyIds.includes(keyId)
        ? number === 0
          ? 'opens; no row needs it'
          : 'opens'
        : 'NOT IN THE RING',
  ];
  for (const line of columns([...byKey].map(rowOf))) terminal.print(line);
  if (malformed > 0) terminal.print(terminal.paint('red', `  rows that hold no sealed value: ${malformed}`));
  terminal.print(count(processes.length, 'live process', 'live processes'));
  for (const { label, id, keyIds } of processes) {
    const lacking = operator.keyIds.filter((keyId) => !keyIds.includes(keyId));
    const says =
      lacking.length === 0
        ? `seals with ${keyIds[0] ?? 'nothing'}`
        : terminal.paint('yellow', `does not know ${lacking.join(', ')}`);
    terminal.print(`  ${printable(label ?? id)}  ${says}`);
  }
  if (behind.length > 0) terminal.note('Deploy the same ring everywhere before you put another key first.');
  return bad ? exitCodes.problems : exitCodes.ok;
};

export const remove: Run = async ({ terminal, values, json, signal, arguments: [keyId = ''], board }) => {
  const { operator, vault } = await board();
  if (!operator.keyIds.includes(keyId)) {
    throw configurationError(
      'unknown_key',
      `The ring has no key \`${printable(keyId)}\`.`,
      `It has: ${operator.keyIds.join(', ')}.`,
    );
  }
  await vault.assertRemovable(keyId);
  await confirm(terminal, {
    what: `No row and no live process needs ${keyId}. Backups from its time open with nothing else, so keep the key as long as them.`,
    expected: keyId,
    yes: values.flag('yes'),
    signal,
  });
  if (json) terminal.print(JSON.stringify({ removable: keyId }));
  else
    terminal.print(
      `${terminal.paint('green', 'ok')} Take ${keyId} out of \`keys\` and deploy. Wait one day after the last seal: open flows and spare tokens have ended by then.`,
    );
  return exitCodes.ok;
};
