/** `pnpm regexes [--all]`: judges what tools/regexes.json does not hold, or everything anew, and writes the file. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { judge, readVerdicts, textsToJudge, verdictsFile } from './check-regexes.ts';
import { findForeignRegexes, findRegexes } from './regexes.ts';
import { rootDir } from './workspace.ts';

const verdicts = readVerdicts(rootDir);
const { texts, problems } = textsToJudge([...findRegexes(rootDir), ...(await findForeignRegexes(rootDir))], verdicts);
const known = new Set(process.argv.includes('--all') ? [] : verdicts.linear);
const linear: string[] = [];
let judged = 0;
for (const [text, where] of texts) {
  if (Object.hasOwn(verdicts.bounded, text)) continue;
  const wrong = known.has(text) ? undefined : await judge(text);
  if (!known.has(text)) judged++;
  if (wrong === undefined) linear.push(text);
  else problems.push(`${where}: ${text} ${wrong}`);
}

const inOrder = linear.toSorted((a, b) => (a < b ? -1 : 1));
writeFileSync(join(rootDir, verdictsFile), `${JSON.stringify({ ...verdicts, linear: inOrder }, null, 2)}\n`);
for (const problem of problems) console.log(`!!! ${problem}`);
console.log(`${judged} judged, ${linear.length} linear, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
