import type { Context, Run } from '../command.ts';
import { checkConnections } from '../doctor/connections.ts';
import { checkDatabase } from '../doctor/database.ts';
import { checkProcesses } from '../doctor/processes.ts';
import { checkProviders, inspectFailed } from '../doctor/providers.ts';
import { asPlugboardError } from '../failure.ts';
import { tellFindings, type Finding } from '../findings.ts';
import type { Board } from '../load-config.ts';

/** Looks and never writes: neither does it lay down whose database it is. */
export const doctor: Run = async (context) => tellFindings(context.terminal, await examine(context), context.json);

async function examine(context: Context): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const board = await attempt(findings, 'config', () => context.board());
  if (board === undefined) return [...findings, ...(await inspectFailed(context))];
  findings.push(aboutBoard(board), ...checkProviders(board));
  const usable = await checkDatabase(board, findings);
  if (!usable) return findings;
  await attempt(findings, 'connections', async () => findings.push(...(await checkConnections(context, board))));
  await attempt(findings, 'processes', async () => findings.push(...(await checkProcesses(board))));
  return findings;
}

function aboutBoard({ mode, url, operator }: Board): Finding {
  const message = `${mode} mode, environment ${operator.environment}, @plugboard/core ${operator.version} on Node ${process.versions.node}, routes at ${url}`;
  return { about: 'config', status: 'ok', message };
}

/** What fails is a finding, and the examination goes on. */
async function attempt<T>(findings: Finding[], about: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const failure = asPlugboardError(error);
    // A command that was called in a wrong way has no findings.
    if (failure.code === 'usage' || failure.code === 'interrupted') throw failure;
    findings.push({ about, status: 'problem', message: `${failure.message} (${failure.code})`, hint: failure.hint });
    return undefined;
  }
}
