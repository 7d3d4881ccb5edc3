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

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly environment?: string | { readonly name?: string };
  readonly secrets?: unknown;
  readonly uses?: string;
  readonly 'runs-on'?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on?: unknown;
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
