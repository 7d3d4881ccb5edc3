/** `pnpm check [name ...]`: the structure of the repository. */
import { checkChangesets } from './check-changesets.ts';
import { checkDependencies } from './check-dependencies.ts';
import { checkGenerated } from './check-generated.ts';
import { checkGlobals } from './check-globals.ts';
import { checkImports } from './check-imports.ts';
import { checkLockfile } from './check-lockfile.ts';
import { checkPlaceholders } from './check-placeholders.ts';
import { checkPolicy } from './check-policy.ts';
import { checkProviderIds } from './check-provider-ids.ts';
import { checkProviders } from './check-providers.ts';
import { checkRegexes } from './check-regexes.ts';
import { problemsOf, type Check } from './check-result.ts';
import { checkWorkflows } from './check-workflows.ts';
import { rootDir } from './workspace.ts';

const checks: Readonly<Record<string, Check>> = {
  imports: (root) => checkImports(root),
  'provider-ids': (root) => checkProviderIds(root),
  globals: checkGlobals,
  providers: checkProviders,
  placeholders: checkPlaceholders,
  regexes: (root) => checkRegexes(root),
  generated: checkGenerated,
  changesets: checkChangesets,
  dependencies: checkDependencies,
  lockfile: checkLockfile,
  workflows: checkWorkflows,
  policy: checkPolicy,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => checks[name] === undefined);
if (unknown.length > 0) {
  console.log(`unknown check ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(1);
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const result = await check(rootDir);
  const problems = problemsOf(result);
  for (const note of result.notes ?? []) console.log(`  ${note}`);
  for (const problem of problems) console.log(`!!! ${problem}`);
  console.log(
    `${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}: ${result.checked} ${result.what}, ${problems.length} problems`,
  );
  failed += problems.length;
}
process.exitCode = failed === 0 ? 0 : 1;
