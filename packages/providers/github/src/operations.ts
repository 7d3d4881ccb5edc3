/** What the client offers: https://docs.github.com/en/rest (API version 2026-03-10). */
import { at, endpoint, snakeNames, type Answer, type Json } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

/** Members that do not stand in the path, as the wire spells them. */
function wire<Place extends 'query' | 'json'>(place: Place, ...inPath: readonly string[]) {
  return (input: object) => {
    const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)));
    return { [place]: snakeNames(rest) } as Record<Place, Record<string, never>>;
  };
}
/** An installation is no user, and a user no installation: each is refused what is the other's. */
const byUser = { methods: ['oauth', 'token'] };
const byApp = { methods: ['installation'] };
const repository = { owner: 'octocat', repo: 'Hello-World' };
const inRepository = ['owner', 'repo'] as const;
const perPage = z.int().min(1).max(100);
const pages = { perPage, page: z.int().min(1) };

/** `<https://api.github.com/...&page=2>; rel="next"`: the number is taken, never the address. */
function nextPage({ headers }: Answer): number | undefined {
  const url = /<([^<>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? '';
  const page = URL.canParse(url) ? Number(new URL(url).searchParams.get('page')) : 0;
  return Number.isInteger(page) && page > 1 ? page : undefined;
}

/** A list of the vendor, or the list that a member of its answer holds. */
function listOf<Item extends z.ZodType>(item: Item, member?: string) {
  return {
    output: z.looseObject({ items: z.array(item), nextPage: z.int().optional() }),
    decode(answer: Answer): unknown {
      const next = nextPage(answer);
      const items = member === undefined ? answer.json() : at(answer.json(), member);
      return { items, ...(next !== undefined && { nextPage: next }) };
    },
    paging: {
      items: <Found>(page: { readonly items: readonly Found[] }) => page.items,
      next: <Input extends object>(
        page: { readonly items: readonly unknown[]; readonly nextPage?: number | undefined },
        input: Input,
      ) => (page.items.length > 0 && page.nextPage !== undefined ? { ...input, page: page.nextPage } : undefined),
    },
  } as const;
}
const paged = (path: string, answer: Json) => ({
  answer,
  headers: {
    link: `<https://api.github.com${path}?page=2>; rel="next", <https://api.github.com${path}?page=9>; rel="last"`,
  },
});

const octocat = { id: 1, login: 'octocat' };
const person = like(octocat, { type: 'User' });
const repoExample = { id: 1296269, name: 'Hello-World', full_name: 'octocat/Hello-World', private: false };
const repo = like(repoExample, { html_url: 'https://github.com/octocat/Hello-World', default_branch: 'main' }).extend({
  owner: person,
});
const shownRepo = { ...repoExample, owner: octocat, default_branch: 'main' };
const number = 1347;
const issueExample = {
  id: 1,
  number,
  state: 'open',
  title: 'Found a bug',
  html_url: 'https://github.com/octocat/Hello-World/issues/1347',
};
/** The list of issues holds pull requests as well: those have `pull_request`. */
const issue = like(issueExample, { body: z.string(), pull_request: z.looseObject({}), user: person });
const pullExample = { ...issueExample, title: 'Amazing new feature', draft: false };
const pull = like(pullExample, { body: z.string(), merged_at: z.string(), user: person });
const accountExample = { id: 9919, login: 'github', type: 'Organization' };
const installation = like({ id: 1, app_id: 12345, account: like(accountExample) }, { suspended_at: z.string() });
const state = z.enum(['open', 'closed', 'all']);
const direction = z.enum(['asc', 'desc']);
const text = z.string().min(1);
const base64 = z.base64().meta({ examples: ['bXkgbmV3IGZpbGU='] });

export const user = {
  get: endpoint('GET /user', {
    summary: 'Reads the user of the token.',
    ...byUser,
    input: given({}),
    output: like(octocat, { name: 'monalisa octocat', email: z.string(), avatar_url: z.string(), type: 'User' }),
  }),
  emails: endpoint('GET /user/emails', {
    summary: 'Lists email addresses; take the one that is primary and verified.',
    ...byUser,
    input: given({}, pages),
    encode: wire('query'),
    ...listOf(like({ email: 'octocat@github.com', primary: true, verified: true }, { visibility: 'public' })),
    scopes: ['user:email'],
    example: paged('/user/emails', [
      { email: 'octocat@github.com', primary: true, verified: true, visibility: 'public' },
    ]),
  }),
  installations: endpoint('GET /user/installations', {
    summary: 'Lists installations of the GitHub App that its user may use.',
    methods: ['oauth'],
    input: given({}, pages),
    encode: wire('query'),
    ...listOf(installation, 'installations'),
    example: paged('/user/installations', {
      total_count: 1,
      installations: [{ id: 1, app_id: 12345, account: accountExample }],
    }),
  }),
};

const sort = z.enum(['created', 'updated', 'pushed', 'full_name']);

export const repos = {
  list: endpoint('GET /user/repos', {
    summary: 'Lists repositories that the user may see.',
    ...byUser,
    input: given(
      {},
      { ...pages, visibility: z.enum(['all', 'public', 'private']), affiliation: text, sort, direction },
    ),
    encode: wire('query'),
    ...listOf(repo),
    example: paged('/user/repos', [shownRepo]),
  }),
  listInstalled: endpoint('GET /installation/repositories', {
    summary: 'Lists repositories that the installation may use.',
    ...byApp,
    input: given({}, pages),
    encode: wire('query'),
    ...listOf(repo, 'repositories'),
    example: paged('/installation/repositories', { total_count: 1, repositories: [shownRepo] }),
  }),
  get: endpoint('GET /repos/{owner}/{repo}', {
    summary: 'Reads a repository.',
    input: given(repository),
    output: repo,
  }),
};

const file = { path: 'README.md' };
const entry = { ...file, type: 'file', name: 'README.md', sha: '3d21ec53a331a6f037a91c368710b99387d012c1', size: 5362 };

export const contents = {
  get: endpoint('GET /repos/{owner}/{repo}/contents/{+path}', {
    summary: 'Reads a file as base64, or lists a directory.',
    input: given({ ...repository, ...file }, { ref: 'main' }),
    encode: wire('query', ...inRepository, 'path'),
    output: z.union([like(entry, { content: 'ZW5jb2RlZCBjb250ZW50', encoding: 'base64' }), z.array(like(entry))]),
    maxBytes: 110_000_000,
  }),
  put: endpoint('PUT /repos/{owner}/{repo}/contents/{+path}', {
    summary: 'Creates a file, or changes the one whose `sha` is given.',
    input: given(
      { ...repository, ...file, message: 'my commit message', content: base64 },
      { sha: '95b966ae1c166bd92f8ae7d1c313e738c731dfc3', branch: 'main' },
    ),
    encode: wire('json', ...inRepository, 'path'),
    output: like({ content: like(entry), commit: like({ sha: '7638417db6d59f3c431d3e1f261cc637155684cd' }) }),
    scopes: ['public_repo'],
  }),
};

export const pulls = {
  list: endpoint('GET /repos/{owner}/{repo}/pulls', {
    summary: 'Lists pull requests.',
    input: given(repository, {
      ...pages,
      state,
      head: text,
      base: text,
      sort: z.enum(['created', 'updated', 'popularity']),
      direction,
    }),
    encode: wire('query', ...inRepository),
    ...listOf(pull),
    example: paged('/repos/octocat/Hello-World/pulls', [pullExample]),
  }),
  create: endpoint('POST /repos/{owner}/{repo}/pulls', {
    summary: 'Opens a pull request.',
    input: given(
      { ...repository, title: 'Amazing new feature', head: 'octocat:new-feature', base: 'main' },
      { body: 'Please pull these in!', draft: z.boolean(), maintainerCanModify: z.boolean() },
    ),
    encode: wire('json', ...inRepository),
    output: pull,
    scopes: ['public_repo'],
    example: { status: 201 },
  }),
};

export const issues = {
  list: endpoint('GET /repos/{owner}/{repo}/issues', {
    summary: 'Lists issues, and pull requests among them.',
    input: given(repository, {
      ...pages,
      state,
      labels: text,
      assignee: text,
      since: z.iso.datetime(),
      sort: z.enum(['created', 'updated', 'comments']),
      direction,
    }),
    encode: wire('query', ...inRepository),
    ...listOf(issue),
    example: paged('/repos/octocat/Hello-World/issues', [issueExample]),
  }),
  create: endpoint('POST /repos/{owner}/{repo}/issues', {
    summary: 'Opens an issue.',
    input: given(
      { ...repository, title: 'Found a bug' },
      { body: 'I have a problem with this.', labels: ['bug'], assignees: ['octocat'], milestone: z.int(), type: text },
    ),
    encode: wire('json', ...inRepository),
    output: issue,
    scopes: ['public_repo'],
    example: { status: 201 },
  }),
  comment: endpoint('POST /repos/{owner}/{repo}/issues/{issueNumber}/comments', {
    summary: 'Comments on an issue or a pull request.',
    input: given({
      ...repository,
      issueNumber: z
        .int()
        .min(1)
        .meta({ examples: [number] }),
      body: 'Me too',
    }),
    encode: wire('json', ...inRepository, 'issueNumber'),
    output: like({
      id: 1,
      body: 'Me too',
      html_url: 'https://github.com/octocat/Hello-World/issues/1347#issuecomment-1',
    }),
    scopes: ['public_repo'],
    example: { status: 201 },
  }),
};

const sha = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

export const statuses = {
  create: endpoint('POST /repos/{owner}/{repo}/statuses/{sha}', {
    summary: 'Sets the status of a commit.',
    input: given(
      { ...repository, sha, state: z.enum(['success', 'error', 'failure', 'pending']) },
      { targetUrl: z.url(), description: z.string().max(140), context: 'ci/build' },
    ),
    encode: wire('json', ...inRepository, 'sha'),
    output: like({ id: 1, state: 'success' }, { context: 'ci/build' }),
    scopes: ['repo:status'],
    example: { status: 201 },
  }),
};

export const checks = {
  create: endpoint('POST /repos/{owner}/{repo}/check-runs', {
    summary: 'Reports a check run.',
    ...byApp,
    input: given(
      { ...repository, name: 'mighty_readme', headSha: 'ce587453ced02b1526dfb4cb910479d431683101' },
      {
        status: z.enum(['queued', 'in_progress', 'completed']),
        conclusion: z.enum(['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required']),
        detailsUrl: z.url(),
        externalId: text,
        output: given({ title: 'Mighty Readme report', summary: 'One error' }, { text }),
      },
    ),
    encode: wire('json', ...inRepository),
    output: like({ id: 4, name: 'mighty_readme', status: 'completed' }, { conclusion: 'neutral' }),
    example: { status: 201 },
  }),
};

export const hooks = {
  create: endpoint('POST /repos/{owner}/{repo}/hooks', {
    summary: 'Has events of a repository sent to an address, signed with the secret.',
    input: given(
      {
        ...repository,
        url: z.url({ protocol: /^https$/ }).meta({ examples: ['https://example.com/webhook'] }),
        secret: 'a-secret',
      },
      { events: ['push', 'pull_request'], active: true },
    ),
    encode: ({ events, active, url, secret }) => ({
      json: { name: 'web', events, active, config: { url, secret, content_type: 'json', insecure_ssl: '0' } },
    }),
    output: like({ id: 12345678, active: true, events: ['push', 'pull_request'] }),
    scopes: ['write:repo_hook'],
    example: { status: 201 },
  }),
};

export const rateLimit = {
  get: endpoint('GET /rate_limit', {
    summary: 'Reads what is left of the rate limits, and costs none of it.',
    input: given({}),
    output: like({ resources: like({ core: like({ limit: 5000, remaining: 4999, reset: 1_372_700_873, used: 1 }) }) }),
  }),
};
