import { configurationError } from '@plugboard/core/store-kit';

import type { Run } from '../command.ts';
import { exitCodes, usageError } from '../failure.ts';

export const migrate: Run = async ({ terminal, values, json, board }) => {
  if (values.flag('status') && values.flag('sql')) throw usageError('--status and --sql are two different things.');
  if (values.text('since') !== undefined && !values.flag('sql')) throw usageError('--since needs --sql.');
  const { store, schema } = (await board()).operator;
  if (schema === null) {
    throw configurationError(
      'no_schema',
      `The store \`${store}\` has no tables of its own to migrate.`,
      'Its guide says how its tables are made, if it has any.',
    );
  }
  if (values.flag('sql')) {
    const since = values.text('since') === '0' ? 0 : (values.number('since') ?? (await schema.version()));
    const sql = schema.sql(since);
    if (json) terminal.print(JSON.stringify({ since, latest: schema.latest, sql }, null, 2));
    else if (sql === '') terminal.note(`Nothing to do: the tables have version ${since}.`);
    else terminal.print(sql.trimEnd());
    return exitCodes.ok;
  }
  if (values.flag('status')) {
    const version = await schema.version();
    const { latest } = schema;
    const behind = version < latest;
    if (json) terminal.print(JSON.stringify({ version, latest, behind }, null, 2));
    else {
      const state = behind
        ? terminal.paint('yellow', 'behind: run plugboard migrate')
        : terminal.paint('green', 'up to date');
      terminal.print(`Tables of ${store}: version ${version}, this release reads ${latest}: ${state}`);
    }
    return behind ? exitCodes.problems : exitCodes.ok;
  }
  const { from, to } = await schema.migrate();
  if (json) terminal.print(JSON.stringify({ from, to }, null, 2));
  else
    terminal.print(
      from === to ? `The tables have version ${to} already.` : `Migrated the tables from version ${from} to ${to}.`,
    );
  return exitCodes.ok;
};
