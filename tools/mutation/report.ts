/** What a mutation run found, as lines for the console and for docs/security/mutation.md. */
import type { Area } from './areas.ts';
import { equivalents, type Equivalent } from './equivalents.ts';

/** The least share of mutants, in percent, that an area's tests notice. */
const leastScore = 90;

/** The part of Stryker's report that is read (https://github.com/stryker-mutator/mutation-testing-elements). */
export interface StrykerReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  /** True for one that runs while its module loads. */
  readonly static?: boolean;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Survivor {
  /** Below packages/core/src. */
  readonly file: string;
  readonly line: number;
  /** What was changed, on one line. */
  readonly code: string;
  readonly replacement: string;
  /** Why nothing can notice; undefined where a test is owed. */
  readonly why: string | undefined;
}

export interface AreaResult {
  /** Mutants that were run: not those in words for people, nor those that do not compile. */
  readonly mutants: number;
  readonly noticed: number;
  /** Percent of the mutants, those that nothing can notice among them. */
  readonly score: number;
  readonly survivors: readonly Survivor[];
  /** Entries of the list that excuse nothing any more. */
  readonly stale: readonly Equivalent[];
}

export function resultOf(report: StrykerReport, known: readonly Equivalent[] = equivalents): AreaResult {
  const files = Object.entries(report.files).map(([path, file]) => ({
    ...file,
    file: path.replace(/^.*?core\/src\//, ''),
  }));
  const all = files.flatMap(({ file, source, mutants }) => mutants.map((mutant) => ({ file, source, mutant })));
  const noticed = all.filter(({ mutant }) => mutant.status === 'Killed' || mutant.status === 'Timeout').length;
  const used = new Set<Equivalent>();
  const survivors = all
    .filter(({ mutant }) => mutant.status === 'Survived' || mutant.status === 'NoCoverage')
    .map(({ file, source, mutant }): Survivor => {
      const code = oneLine(textAt(source, mutant.location));
      const replacement = oneLine(mutant.replacement ?? '');
      const excuse = known.find((entry) => excuses(entry, { file, code, replacement }));
      if (excuse !== undefined) used.add(excuse);
      return { file, line: mutant.location.start.line, code, replacement, why: excuse?.why };
    });
  const mutants = noticed + survivors.length;
  const seen = new Set(files.map(({ file }) => file));
  return {
    mutants,
    noticed,
    score: mutants === 0 ? 0 : (noticed / mutants) * 100,
    survivors,
    stale: known.filter((entry) => seen.has(entry.file) && !used.has(entry)),
  };
}

/** Empty when the area holds what it promises. */
export function problemsOf(name: string, { mutants, score, survivors, stale }: AreaResult): string[] {
  const owed = survivors.filter(({ why }) => why === undefined);
  return [
    ...(mutants === 0 ? [`${name}: no mutant was run`] : []),
    ...(score < leastScore ? [`${name}: ${score.toFixed(1)} % noticed, at least ${leastScore} % are asked for`] : []),
    ...owed.map(({ file, line, code, replacement }) => `${file}:${line}: nobody notices ${code} -> ${replacement}`),
    ...stale.map(({ file, code }) => `tools/mutation/equivalents.ts: ${file} no longer needs \`${code}\``),
  ];
}

/** The report as if nobody had asked yet about mutants that run while their module loads, and that nobody noticed. */
export function withoutStaticSurvivors(report: StrykerReport): StrykerReport {
  const isKept = ({ static: atLoad, status }: Mutant) => atLoad !== true || status !== 'Survived';
  const files = Object.entries(report.files).map(([path, file]) => [
    path,
    { ...file, mutants: file.mutants.filter(isKept) },
  ]);
  return { ...report, files: Object.fromEntries(files) as StrykerReport['files'] };
}

/** One area of the page, between marks that the next run finds. */
export function sectionOf(name: string, { about, files }: Area, result: AreaResult): string {
  const { mutants, noticed, score, survivors } = result;
  const lines = [
    `## ${name}: ${score.toFixed(1)} %`,
    '',
    `${about[0]?.toUpperCase()}${about.slice(1)}. ${noticed} of ${mutants} mutants were noticed in ${files.map((file) => `\`${file}\``).join(', ')}.`,
  ];
  const groups = Map.groupBy(survivors, ({ why }) => why ?? 'A test is owed.');
  for (const [why, members] of groups) {
    lines.push('', why, '');
    for (const { file, code, replacement } of members)
      lines.push(`- ${file}: ${inCode(code)} as ${replacement === '' ? 'nothing' : inCode(replacement)}`);
  }
  return [startMark(name), ...lines, endMark(name)].join('\n');
}

/** Replaces the area's section, or adds it in its place by name. */
export function withSection(page: string, name: string, section: string): string {
  const start = page.indexOf(startMark(name));
  if (start === -1) return `${page.trimEnd()}\n\n${section}\n`;
  const end = page.indexOf(endMark(name), start);
  return page.slice(0, start) + section + page.slice(end + endMark(name).length);
}

function startMark(name: string): string {
  return `<!-- written by \`pnpm mutate ${name}\` -->`;
}

function endMark(name: string): string {
  return `<!-- end of ${name} -->`;
}

function excuses(entry: Equivalent, { file, code, replacement }: Omit<Survivor, 'line' | 'why'>): boolean {
  if (entry.file !== file || entry.code !== code) return false;
  return entry.as === undefined || entry.as.includes(replacement);
}

/** Lines and columns count from 1; the end is behind the last character. */
function textAt(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = (lines[last] ?? '').slice(0, end.column - 1);
  lines[0] = (lines[0] ?? '').slice(start.column - 1);
  return lines.join('\n');
}

function oneLine(text: string): string {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return words.length > 120 ? `${words.slice(0, 117)}...` : words;
}

function inCode(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
