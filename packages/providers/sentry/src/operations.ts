/** What the client offers: https://docs.sentry.io/api/ (2026-11). Organization and project may be left out where known. */
import { endpoint, PlugboardError, type Answer, type Api, type Encoded } from '@plugboard/core';
import { given, like, type Members, z } from '@plugboard/core/fields';

import { held, organizationOf } from './access.ts';

const slug = z.string().regex(/^[\w-]+$/, { error: 'must be a slug or an id' });
const cursor = z.string().min(1);
const perPage = z.int().min(1).max(100);
const time = z.iso.datetime({ offset: true });
const org = { organization: slug };
const ofProject = { ...org, project: slug.meta({ examples: ['pump-station'] }) };

export const defaults = z.strictObject({
  project: slug.meta({ title: 'Project', description: 'What calls mean that name no project.' }).optional(),
});

function projectOf(api: Api): string {
  const known = api.credentials(held).project ?? api.settings(defaults).project;
  if (known !== undefined) return known;
  throw new PlugboardError({
    kind: 'invalid_request',
    code: 'project_missing',
    message: 'The call names no project, and the connection has none to mean.',
    hint: 'Give `project`, or choose one in the settings.',
  });
}

const known: Readonly<Record<string, (api: Api) => string>> = { organization: organizationOf, project: projectOf };

/** Paths whose values may come from the connection; the rest is query or body. */
function within(kind: 'query' | 'json', ...names: readonly string[]) {
  return (input: object, api: Api): Encoded => {
    const entries: [string, unknown][] = Object.entries(input);
    const values = Object.fromEntries(entries) as Readonly<Record<string, string | undefined>>;
    const path = ['organization', ...names].map((name) => [name, values[name] ?? known[name]?.(api) ?? '']);
    const rest = entries.filter(([name]) => name !== 'organization' && !names.includes(name));
    const body = rest.length === 0 ? {} : { [kind]: Object.fromEntries(rest) };
    return { path: Object.fromEntries(path) as Record<string, string>, ...body };
  };
}

const nextLink = /rel="next"; results="true"; cursor="([^"]+)"/;
const link =
  '<https://sentry.io/api/0/?&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", ' +
  '<https://sentry.io/api/0/?&cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"';

/** A next page is always announced, and `results` says whether there is anything on it. */
function pageOf<R extends Members, N extends Members>(required: R, nullish: N) {
  return {
    output: like({ items: [like(required, nullish)] }, { next: '0:100:0' }),
    decode: (answer: Answer) => ({ items: answer.json(), next: nextLink.exec(answer.headers.get('link') ?? '')?.[1] }),
    paging: {
      items: <Item>(page: { readonly items: readonly Item[] }) => page.items,
      next: <Input extends object>(
        { items, next }: { readonly items: readonly unknown[]; readonly next?: string | null | undefined },
        input: Input,
      ) => (next && items.length > 0 ? { ...input, cursor: next } : undefined),
    },
    example: { answer: [{ ...required, ...nullish }] as never, headers: { link } },
  };
}

const organization = [
  { id: '2', slug: 'the-interstellar-jurisdiction', name: 'The Interstellar Jurisdiction' },
  { dateCreated: '2018-11-06T21:19:55.101Z' },
] as const;
const issue = [
  {
    id: '1',
    shortId: 'PUMP-STATION-1',
    title: 'This is an example Python exception',
    level: 'error',
    status: 'unresolved',
    permalink: 'https://sentry.io/the-interstellar-jurisdiction/pump-station/issues/1/',
    project: { id: '2', name: 'Pump Station', slug: 'pump-station' },
  },
  {
    culprit: 'raven.scripts.runner in main',
    count: '150',
    userCount: 12,
    firstSeen: '2018-11-06T21:19:55Z',
    lastSeen: '2018-12-06T21:19:55Z',
  },
] as const;
const release = [
  { id: 1, version: 'frontend@1.0.0', status: 'open', projects: [{ id: 1, slug: 'sentry', name: 'sentry' }] },
  { ref: 'a1b2c3d', dateCreated: '2024-01-01T00:00:00Z', dateReleased: '2024-01-01T00:00:00Z' },
] as const;
const deploy = [
  { id: '1', environment: 'prod' },
  { name: 'first', url: 'https://deploys.example/1', dateStarted: time, dateFinished: '2024-01-01T00:00:00Z' },
] as const;
const hook = [
  {
    id: '4f9d73e63b7144ecb8944c41620a090b',
    url: 'https://empowerplant.io/sentry-hook',
    events: ['event.alert', 'event.created'],
    status: 'active',
    secret: '8fcac28aaa4c4f5fa572b61d40a8e084364db25fd37449c299e5a41c0504cbc2',
  },
  { dateCreated: '2018-11-06T21:20:08.143Z' },
] as const;

export const organizations = {
  list: endpoint('GET /organizations/', {
    // Asked to learn whose grant it is, before anything is known of its scopes.
    summary: 'Lists the organizations of a user or an OAuth grant; tokens of an organization may not.',
    input: given({}, { query: z.string(), per_page: perPage, cursor }),
    ...pageOf(...organization),
  }),
  get: endpoint('GET /organizations/{organization}/', {
    summary: 'Reads the organization.',
    scopes: ['org:read'],
    input: given({}, org),
    encode: within('query'),
    output: like(...organization),
  }),
};

export const installations = {
  list: endpoint('GET /organizations/{organization}/sentry-app-installations/', {
    summary: 'Lists the integrations that are installed in the organization.',
    scopes: ['org:read'],
    input: given({}, { ...org, cursor }),
    encode: within('query'),
    ...pageOf(
      {
        uuid: '7a485448-a9e2-4c85-8a3c-4f44175783c9',
        status: 'installed',
        app: { uuid: 'a9988ad6-0e0a-4905-bb93-f7cbf4c96bbb', slug: 'cat-75c19a' },
        organization: { slug: 'the-interstellar-jurisdiction' },
      },
      {},
    ),
  }),
};

export const projects = {
  list: endpoint('GET /organizations/{organization}/projects/', {
    summary: 'Lists projects.',
    scopes: ['org:read'],
    input: given({}, { ...org, query: z.string(), per_page: perPage, cursor }),
    encode: within('query'),
    ...pageOf({ id: '3', slug: 'prime-mover', name: 'Prime Mover' }, { platform: 'node' }),
  }),
  keys: endpoint('GET /projects/{organization}/{project}/keys/', {
    summary: 'Lists the keys of a project with their DSNs.',
    scopes: ['project:read'],
    input: given({}, { ...ofProject, cursor }),
    encode: within('query', 'project'),
    ...pageOf(
      {
        id: '60120449b6b1d5e45f75561e6dabd80b',
        name: 'Liked Pegasus',
        isActive: true,
        dsn: { public: 'https://60120449b6b1d5e45f75561e6dabd80b@o42.ingest.us.sentry.io/4507' },
      },
      { dateCreated: '2024-01-01T00:00:00Z' },
    ),
  }),
};

export const issues = {
  list: endpoint('GET /organizations/{organization}/issues/', {
    summary: 'Lists issues; without a query those that are not resolved, of the last two weeks.',
    scopes: ['event:read'],
    input: given(
      {},
      {
        ...org,
        query: 'is:unresolved',
        project: z.array(z.int()),
        environment: ['prod'],
        statsPeriod: '24h',
        start: time,
        end: time,
        sort: z.enum(['date', 'freq', 'inbox', 'new', 'recommended', 'trends', 'user']),
        limit: perPage,
        cursor,
      },
    ),
    encode: within('query'),
    ...pageOf(...issue),
  }),
  get: endpoint('GET /organizations/{organization}/issues/{id}/', {
    summary: 'Reads an issue.',
    scopes: ['event:read'],
    input: given({ id: '1' }, org),
    encode: within('query', 'id'),
    output: like(...issue),
  }),
  update: endpoint('PUT /organizations/{organization}/issues/{id}/', {
    summary: 'Resolves, ignores or assigns an issue.',
    scopes: ['event:write'],
    repeat: 'safe',
    input: given(
      { id: '1' },
      {
        ...org,
        status: z.enum(['resolved', 'resolvedInNextRelease', 'unresolved', 'ignored']),
        statusDetails: z.looseObject({}),
        assignedTo: z.string(),
        priority: z.enum(['low', 'medium', 'high']),
        hasSeen: z.boolean(),
        isBookmarked: z.boolean(),
      },
    ),
    encode: within('json', 'id'),
    output: like(...issue),
    example: { input: { id: '1', status: 'resolved' }, answer: { ...issue[0], status: 'resolved' } },
  }),
};

const commit = given(
  { id: 'a1b2c3d' },
  { repository: 'acme/shop', message: 'Fix it', author_name: z.string(), author_email: z.email(), timestamp: time },
);
const ref = given({ repository: 'acme/shop', commit: 'a1b2c3d' }, { previousCommit: z.string() });

export const releases = {
  list: endpoint('GET /organizations/{organization}/releases/', {
    summary: 'Lists releases.',
    scopes: [['project:releases', 'project:read']],
    input: given({}, { ...org, project: z.array(z.int()), query: z.string(), per_page: perPage, cursor }),
    encode: within('query'),
    ...pageOf(...release),
  }),
  create: endpoint('POST /organizations/{organization}/releases/', {
    summary: 'Creates a release; one that exists gets the projects and commits that it lacks.',
    scopes: ['project:releases'],
    repeat: 'safe',
    input: given(
      { version: 'frontend@1.0.0', projects: ['sentry'] },
      {
        ...org,
        ref: 'a1b2c3d',
        url: z.url(),
        dateReleased: time,
        commits: z.array(commit),
        refs: z.array(ref),
      },
    ),
    encode: within('json'),
    output: like(...release),
    example: { status: 201 },
  }),
  deploy: endpoint('POST /organizations/{organization}/releases/{version}/deploys/', {
    summary: 'Records that a release was deployed.',
    scopes: ['project:releases'],
    input: given(
      { version: 'frontend@1.0.0', environment: 'prod' },
      { ...org, name: 'first', url: z.url(), dateStarted: time, dateFinished: time, projects: z.array(slug) },
    ),
    encode: within('json', 'version'),
    output: like(...deploy),
    example: { status: 201 },
  }),
};

export const hooks = {
  list: endpoint('GET /projects/{organization}/{project}/hooks/', {
    summary: 'Lists the service hooks of a project.',
    scopes: ['project:read'],
    input: given({}, { ...ofProject, cursor }),
    encode: within('query', 'project'),
    ...pageOf(...hook),
  }),
  create: endpoint('POST /projects/{organization}/{project}/hooks/', {
    summary: 'Registers a service hook.',
    scopes: ['project:write'],
    input: given(
      {
        url: z.url({ protocol: /^https$/ }).meta({ examples: ['https://empowerplant.io/sentry-hook'] }),
        events: ['event.alert', 'event.created'],
      },
      ofProject,
    ),
    encode: within('json', 'project'),
    output: like(...hook),
    example: { status: 201 },
  }),
};
