/**
 * What the workflows may do (docs/releasing.md): nothing by default, no foreign code by a name that can be moved, and the
 * right to publish in one job that restores nothing.
 */
import { globSync } from 'node:fs';

import { isMap, isScalar, parse, parseDocument } from 'yaml';

import type { CheckResult } from './check-result.ts';
import { readText } from './workspace.ts';

/** The job that publishes, by file and name. */
const publisher = { file: '.github/workflows/release.yml', job: 'publish', environment: 'release' } as const;
/** What jobs may write besides. */
const writers: Readonly<Record<string, readonly string[]>> = {
  '.github/workflows/release.yml#version': ['contents', 'pull-requests'],
  '.github/workflows/release.yml#assets': ['contents'],
};
/** They run the code of somebody else with the rights of the repository, or data that somebody else has sent. */
const refusedEvents = ['pull_request_target', 'workflow_run', 'issue_comment', 'issues', 'discussion', 'fork'];
const hosted = /^(ubuntu|windows|macos)-\d/;
/** Foreign code that was read before it was let in; what only looks like one of them is none. */
const approvedActions: ReadonlySet<string> = new Set([
  'actions/checkout',
  'actions/dependency-review-action',
  'actions/setup-node',
  'changesets/action',
  'zizmorcore/zizmor-action',
]);

interface Step {
  readonly if?: string | boolean;
  readonly uses?: string;
  readonly shell?: unknown;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly environment?: string | { readonly name?: string };
  readonly if?: string | boolean;
  readonly secrets?: unknown;
  readonly uses?: string;
  readonly container?: unknown;
  readonly services?: Readonly<Record<string, unknown>>;
  readonly 'runs-on'?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on?: unknown;
  readonly concurrency?: unknown;
  readonly defaults?: unknown;
  readonly permissions?: unknown;
  readonly jobs?: Readonly<Record<string, Job>>;
}

export function checkWorkflows(root: string): CheckResult {
  const files = globSync('.github/workflows/*.{yml,yaml}', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  const problems = files.toSorted().flatMap((file) => problemsOf(file, readText(root, file)));
  return { checked: files.length, what: 'workflows', problems };
}

function problemsOf(file: string, text: string): string[] {
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs ?? {});
  const problems: string[] = [];
  const add = (problem: string) => problems.push(`${file}: ${problem}`);

  const { permissions } = workflow;
  const nothing = typeof permissions === 'object' && permissions !== null && Object.keys(permissions).length === 0;
  if (!nothing) add('`permissions: {}` must stand at the top');
  for (const event of eventsOf(workflow.on).filter((name) => refusedEvents.includes(name))) add(`runs on ${event}`);
  if (/\bsecrets\s*\.\s*(?!GITHUB_TOKEN\b)\w+/.test(text) || /\bsecrets\s*\[/.test(text)) add('reads a secret');
  if (workflow.concurrency === undefined) add('`concurrency` must stand at the top');
  if (workflow.defaults !== undefined) add('has defaults that steps do not show');
  if (text.includes('ACTIONS_ALLOW_UNSECURE_COMMANDS')) add('lets what a script prints set variables');
  const publishes = jobs.some(([, job]) => rightsOf(job)['id-token'] === 'write');
  if (publishes && file !== publisher.file) add(`only ${publisher.file} may ask for an id token`);
  for (const [name, job] of jobs) {
    const addJob = (problem: string) => add(`job ${name} ${problem}`);
    for (const problem of jobProblems(`${file}#${name}`, job)) addJob(problem);
    for (const step of job.steps ?? []) for (const problem of stepProblems(step, publishes)) addJob(problem);
  }
  for (const use of unmarkedUses(text)) add(`${use} does not say its version in a comment`);
  return problems;
}

function jobProblems(id: string, job: Job): string[] {
  const problems: string[] = [];
  if (job.permissions === undefined || typeof job.permissions === 'string') problems.push('lists no permissions');
  if (job.uses !== undefined) problems.push('calls another workflow');
  if (job.secrets !== undefined) problems.push('hands on secrets');
  if (typeof job['runs-on'] !== 'string' || !hosted.test(job['runs-on']))
    problems.push('does not run on a hosted machine of a fixed version');
  if (job['timeout-minutes'] === undefined) problems.push('has no timeout-minutes');
  for (const image of [job.container, ...Object.values(job.services ?? {})]) problems.push(...imageProblems(image));
  problems.push(...conditionProblems(job.if));
  const isPublisher = id === `${publisher.file}#${publisher.job}`;
  const allowed = isPublisher ? ['id-token'] : (writers[id] ?? []);
  for (const [right, level] of Object.entries(rightsOf(job))) {
    if (level === 'write' && !allowed.includes(right)) problems.push(`may write ${right}`);
  }
  const environment = typeof job.environment === 'object' ? job.environment.name : job.environment;
  if (isPublisher && environment !== publisher.environment) problems.push('does not wait for its environment');
  return problems;
}

function stepProblems(step: Step, publishes: boolean): string[] {
  const problems: string[] = [];
  const { uses, with: given = {}, env = {} } = step;
  const run = step.run === undefined ? undefined : String(step.run);
  if (uses !== undefined && !uses.startsWith('./') && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(uses))
    problems.push(`uses ${uses}, which names no commit hash`);
  const action = uses?.split('@')[0] ?? '';
  if (uses !== undefined && !uses.startsWith('./') && !approvedActions.has(action))
    problems.push(`uses ${action}, which nobody has approved`);
  if (step.shell !== undefined && step.shell !== 'bash') problems.push('has a shell of its own');
  problems.push(...conditionProblems(step.if));
  if (uses?.startsWith('actions/checkout@') === true && given['persist-credentials'] !== false)
    problems.push('leaves the token of the checkout on disk');
  const caches = uses?.startsWith('actions/cache') === true || given['cache'] !== undefined;
  const setup = uses?.startsWith('actions/setup-node@') === true;
  if (caches || (setup && given['package-manager-cache'] !== false)) problems.push('restores a cache');
  if (run === undefined) return problems;
  if (run.includes('${{')) problems.push('puts an expression into a script; hand it over by `env`');
  if (/\bpnpm(@\S+)? (install|i|add)\b(?!.*--frozen-lockfile)/.test(run)) problems.push('installs past the lockfile');
  if (/\b(npm|yarn) (install|ci|i|add)\b/.test(run)) problems.push('installs by another package manager');
  if (publishes && /\bpnpm@(?!\d+\.\d+\.\d+\b)/.test(run)) problems.push('takes whichever pnpm is the newest');
  for (const name of Object.keys(env).filter((key) => /NPM_TOKEN|NODE_AUTH_TOKEN/i.test(key)))
    problems.push(`hands over ${name}`);
  return problems;
}

/** An image by a name that says which one, and without a password beside it. */
function imageProblems(image: unknown): string[] {
  if (image === undefined) return [];
  const { image: name = image, credentials } = (typeof image === 'string' ? {} : image) as Record<string, unknown>;
  const problems: string[] = [];
  if (!/^[\w./-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(String(name)))
    problems.push(`starts the image ${String(name)}, which names no version`);
  if (credentials !== undefined) problems.push('keeps a password of an image');
  return problems;
}

/** A condition that is true whatever it says: text around an expression, or a search in a text instead of a list. */
function conditionProblems(condition: string | boolean | undefined): string[] {
  if (condition === undefined) return [];
  const text = String(condition);
  if (text.includes('${{') && !/^\$\{\{[^}]*\}\}$/.test(text)) return ['has a condition that is always true'];
  return /\bcontains\s*\(\s*'/.test(text) ? ['has a condition that finds parts of a text'] : [];
}

function rightsOf({ permissions }: Job): Readonly<Record<string, string>> {
  return typeof permissions === 'object' ? permissions : {};
}

function eventsOf(on: unknown): string[] {
  if (typeof on === 'string') return [on];
  if (Array.isArray(on)) return on.map(String);
  return typeof on === 'object' && on !== null ? Object.keys(on) : [];
}

/** A hash says nothing to a reader, and update bots read the comment. */
function unmarkedUses(text: string): string[] {
  const found: string[] = [];
  const look = (node: unknown): void => {
    if (!isMap(node)) {
      const items = (node as { items?: readonly unknown[] } | null)?.items;
      for (const item of items ?? []) look(item);
      return;
    }
    for (const { key, value } of node.items) {
      const isUse = isScalar(key) && key.value === 'uses' && isScalar(value) && !String(value.value).startsWith('./');
      if (isUse && !/\d/.test(value.comment ?? '')) found.push(String(value.value));
      look(value);
    }
  };
  look(parseDocument(text).contents);
  return found;
}
