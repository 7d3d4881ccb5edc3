/** What must hold in every runtime: cryptography, the wire, a board with its routes. */
import { boardChecks } from './board.ts';
import { report, type Given, type Report } from './report.ts';
import { vaultChecks } from './vault.ts';
import { wireChecks } from './wire.ts';

export async function* runSmoke(given: Given): AsyncGenerator<Report> {
  for (const check of [...vaultChecks(given), ...wireChecks(given), ...boardChecks(given)]) yield report(check);
}
