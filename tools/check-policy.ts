/** SECURITY.md says all that somebody who found a hole, or who judges us, looks for; its links lead somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { readText } from './workspace.ts';

const policyFile = 'SECURITY.md';
/** What each part must hold. */
const parts: Readonly<Record<string, RegExp>> = {
  Reporting: /\/security\/advisories\/new\)[\s\S]*\b(three|two|\d+) working days/,
  'Supported versions': /@plugboard\/core/,
  'What Plugboard protects': /^- /m,
  'What is out of scope': /^- /m,
  'The supply chain': /npm audit signatures/,
  Advisories: /\badvisory\b[\s\S]*\bmonth\b/,
};

export function checkPolicy(root: string): CheckResult {
  const text = existsSync(join(root, policyFile)) ? readText(root, policyFile) : '';
  const sections = new Map(
    text.split(/^## /m).map((section) => [section.split('\n', 1)[0]?.trim() ?? '', section.replace(/^.*\n/, '')]),
  );
  const problems =
    text === ''
      ? []
      : Object.entries(parts).flatMap(([name, wanted]) => partProblems(sections.get(name), name, wanted));
  for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
    if (!existsSync(join(root, dirname(policyFile), link))) problems.push(`${policyFile}: ${link} does not exist`);
  }
  return { checked: text === '' ? 0 : Object.keys(parts).length, what: 'parts of the security policy', problems };
}

function partProblems(section: string | undefined, name: string, wanted: RegExp): string[] {
  if (section === undefined) return [`${policyFile}: lacks the part «${name}»`];
  return wanted.test(section) ? [] : [`${policyFile}: «${name}» does not say what it is for`];
}
