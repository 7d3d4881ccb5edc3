import { conformance, providerContract } from '@plugboard/testing';

import { github } from '../src/index.ts';

providerContract(github, {
  account: { id: '1', name: 'octocat' },
  accounts: { installation: { id: '9919', name: 'github' } },
});

const repository = { owner: 'octocat', repo: 'Hello-World' };
const pages = { perPage: 100, page: 2 };

conformance(github.definition, {
  excerpts: 'A repository alone has seventy required members.',
  inputs: {
    'user.emails': [pages],
    'user.installations': [pages],
    'repos.list': [
      { ...pages, visibility: 'private', affiliation: 'owner,collaborator', sort: 'pushed', direction: 'desc' },
    ],
    'repos.listInstalled': [pages],
    'pulls.list': [
      { ...repository, ...pages, state: 'all', head: 'a:b', base: 'main', sort: 'popularity', direction: 'asc' },
    ],
    'pulls.create': [{ ...repository, title: 'T', head: 'a:b', base: 'main', draft: true, maintainerCanModify: false }],
    'issues.list': [
      {
        ...repository,
        ...pages,
        state: 'closed',
        labels: 'bug,ui',
        assignee: '*',
        since: '2026-01-01T00:00:00Z',
        sort: 'comments',
      },
    ],
    'issues.create': [{ ...repository, title: 'T', milestone: 1, type: 'Bug' }],
    'statuses.create': [
      {
        ...repository,
        sha: 'a',
        state: 'failure',
        targetUrl: 'https://ci.example/1',
        description: 'Broken',
        context: 'ci',
      },
    ],
    'checks.create': [
      {
        ...repository,
        name: 'lint',
        headSha: 'a',
        status: 'completed',
        conclusion: 'failure',
        detailsUrl: 'https://ci.example/1',
        externalId: '1',
        output: { title: 'T', summary: 'S', text: 'X' },
      },
    ],
    'hooks.create': [{ ...repository, url: 'https://example.com/hook', secret: 's', events: ['push'], active: false }],
  },
});
