/** S02-S06: what the checks of the supply chain let pass, and the broken example that each must refuse. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { checkDependencies } from '../check-dependencies.ts';
import { checkLockfile } from '../check-lockfile.ts';
import { checkPolicy } from '../check-policy.ts';
import { problemsOf } from '../check-result.ts';
import { checkWorkflows } from '../check-workflows.ts';
import { osvAdvisories } from '../osv.ts';
import { contentProblems, differences, hashesOf } from '../pack-contents.ts';
import { rootDir } from '../workspace.ts';
import { repository } from './fixture.ts';

const hash = '3d3c42e5aac5ba805825da76410c181273ba90b1';

test('a check of the supply chain that found nothing has failed', () => {
  const empty = repository({});
  for (const check of [checkDependencies, checkLockfile, checkWorkflows, checkPolicy]) {
    expect(problemsOf(check(empty))).toEqual([expect.stringMatching(/^found no .* to check$/)]);
  }
});

// The lockfile of this repository is read by `pnpm check`, which is slower than a unit test should be.
test.each([
  ['S02', checkWorkflows],
  ['S08', checkPolicy],
] as const)('%s this repository passes', (_, check) => {
  const result = check(rootDir);
  expect(result.problems).toEqual([]);
  expect(result.checked).toBeGreaterThan(1);
});

describe('S02 workflows', () => {
  const good = readFileSync(join(rootDir, '.github/workflows/release.yml'), 'utf8');
  const problems = (text: string, file = 'release.yml') =>
    checkWorkflows(repository({ [`.github/workflows/${file}`]: text })).problems.map((line) =>
      line.replace(`.github/workflows/${file}: `, ''),
    );
  /** The release workflow with one thing changed; a change that changes nothing proves nothing. */
  const changed = (from: string | RegExp, to: string) => {
    const text = good.replace(from, to);
    expect(text).not.toBe(good);
    return problems(text);
  };
  const step = (text: string) => changed(/( {4}steps:\n)/, `$1      - ${text}\n`);

  test.each([
    [
      'every right at the top',
      /^permissions: \{\}$/m,
      'permissions: write-all',
      '`permissions: {}` must stand at the top',
    ],
    ['no rights at the top', /^permissions: \{\}\n/m, '', '`permissions: {}` must stand at the top'],
    ['a right at the top', /^permissions: \{\}$/m, 'permissions: { contents: read }', '`permissions: {}` must stand'],
    ['no word on runs beside each other', /^concurrency:\n.*\n.*\n/m, '', '`concurrency` must stand at the top'],
    ['a default shell', /^on:\n/m, 'defaults: { run: { shell: cmd } }\non:\n', 'has defaults'],
    ['a pull request as target', /^on:\n/m, 'on:\n  pull_request_target:\n', 'runs on pull_request_target'],
    ['a foreign run', /^on:\n/m, 'on:\n  workflow_run:\n', 'runs on workflow_run'],
    ['a branch', hash, 'main', 'uses actions/checkout@main, which names no commit hash'],
    ['a tag', hash, 'v7', 'uses actions/checkout@v7, which names no commit hash'],
    ['a short hash', hash, hash.slice(0, 7), 'names no commit hash'],
    ['a hash without a version', / # v7\.0\.1/, '', `actions/checkout@${hash} does not say its version in a comment`],
    ['a token left on disk', 'persist-credentials: false', 'persist-credentials: true', 'leaves the token'],
    [
      'the cache of the package manager',
      'package-manager-cache: false',
      'package-manager-cache: true',
      'restores a cache',
    ],
    ['a publisher without its environment', /^ +environment: release\n/m, '', 'does not wait for its environment'],
    ['a publisher that writes', /contents: read\n/, 'contents: write\n', 'job publish may write contents'],
    ['the latest machine', 'ubuntu-24.04', 'ubuntu-latest', 'does not run on a hosted machine of a fixed version'],
    ['a machine of our own', 'runs-on: ubuntu-24.04', 'runs-on: [self-hosted]', 'does not run on a hosted machine'],
    ['no limit of time', /^ +timeout-minutes: 20\n/m, '', 'has no timeout-minutes'],
    [
      'any rights of a job',
      /permissions:\n +contents: read\n +#.*\n +id-token: write\n/,
      'permissions: write-all\n',
      'lists no',
    ],
    ['an install past the lockfile', ' --frozen-lockfile', '', 'installs past the lockfile'],
    ['whichever pnpm', /pnpm@\d+\.\d+\.\d+ build/, 'pnpm@12 build', 'takes whichever pnpm is the newest'],
  ])('%s is refused', (_, from, to, problem) => {
    expect(changed(from, to)).toContainEqual(expect.stringContaining(problem));
  });

  test.each([
    ['a cache', `uses: actions/cache@${hash} # v5.0.0`, 'restores a cache'],
    ['a script of npm', 'run: npm ci', 'installs by another package manager'],
    [
      'an expression in a script',
      'run: echo ${{ github.event.head_commit.message }}',
      'puts an expression into a script',
    ],
    ['a token', 'run: npm publish\n        env:\n          NODE_AUTH_TOKEN: x', 'hands over NODE_AUTH_TOKEN'],
    ['a secret', 'run: ./x\n        env:\n          KEY: ${{ secrets.NPM }}', 'reads a secret'],
    ['an image', 'uses: docker://alpine:3', 'names no commit hash'],
    ['an action that nobody knows', `uses: actlons/checkout@${hash} # v7.0.1`, 'which nobody has approved'],
    ['a shell of its own', 'run: dir\n        shell: cmd', 'has a shell of its own'],
    [
      'a condition with text around it',
      "run: ./x\n        if: |\n          ${{ github.ref == 'refs/heads/main' }}",
      'has a condition that is always true',
    ],
    [
      'a condition that finds parts',
      "run: ./x\n        if: contains('refs/heads/main refs/heads/next', github.ref)",
      'finds parts of a text',
    ],
    [
      'commands in what it prints',
      "run: ./x\n        env:\n          ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true'",
      'lets what a script prints',
    ],
  ])('a step with %s is refused', (_, text, problem) => {
    expect(step(text)).toContainEqual(expect.stringContaining(problem));
  });

  test.each([
    ['an image without a version', 'image: redis', 'starts the image redis, which names no version'],
    ['the latest image', 'image: redis:latest', 'starts the image redis:latest'],
    ['an image that a variable names', 'image: ${{ inputs.image }}', 'names no version'],
    [
      'a password of an image',
      'image: redis:8\n        credentials: { username: u, password: p }',
      'keeps a password of an image',
    ],
  ])('a service with %s is refused', (_, text, problem) => {
    const service = (given: string) =>
      changed(/( {4}steps:\n)/, `    services:\n      other:\n        ${given.replaceAll('$', '$$$$')}\n$1`);
    expect(service('image: redis:8')).toEqual([]);
    expect(service(text)).toContainEqual(expect.stringContaining(problem));
  });

  test('only the release asks for an id token', () => {
    expect(problems(good)).toEqual([]);
    expect(problems(good, 'ci.yml')).toContain('only .github/workflows/release.yml may ask for an id token');
    expect(problems(good, 'ci.yml')).toContain('job publish may write id-token');
  });
});

describe('S03 runtime dependencies', () => {
  const core = { name: '@plugboard/core', version: '1.0.0' };
  const lockfile = {
    lockfileVersion: '9.0',
    importers: {
      'packages/core': { dependencies: { undici: { version: '7.0.0' } } },
      'packages/providers/acme': {
        dependencies: {
          'acme-sdk': { version: '2.0.0(debug@4.0.0)' },
          '@plugboard/core': { version: 'link:../../core' },
        },
        devDependencies: { tester: { version: '1.0.0' } },
      },
    },
    snapshots: {
      'undici@7.0.0': {},
      'acme-sdk@2.0.0(debug@4.0.0)': {
        dependencies: { axios: '1.0.0' },
        optionalDependencies: { alias: 'real@3.0.0' },
      },
      'axios@1.0.0': { dependencies: { 'acme-sdk': '2.0.0(debug@4.0.0)' } },
      'real@3.0.0': {},
    },
  };
  const approved = {
    undici: { why: 'The transport of Node.', in: ['@plugboard/core'], brings: [] as string[] },
    'acme-sdk': { why: 'The SDK of the vendor.', in: ['@plugboard/provider-acme'], brings: ['axios', 'real'] },
  };
  const problems = (list: object) =>
    checkDependencies(
      repository({
        'pnpm-lock.yaml': lockfile,
        'packages/core/package.json': core,
        'packages/providers/acme/package.json': { name: '@plugboard/provider-acme', version: '1.0.0' },
        'tools/approved-dependencies.json': list,
      }),
    ).problems;
  const where = 'tools/approved-dependencies.json';

  test('what is approved passes, and a star stands for all packages', () => {
    expect(problems(approved)).toEqual([]);
    expect(problems({ ...approved, undici: { ...approved.undici, in: ['*'] } })).toEqual([]);
  });
  test('a new name is refused until somebody approves it', () => {
    const { undici, ...rest } = approved;
    expect(problems(rest)).toEqual([`@plugboard/core: undici is not approved in ${where}`]);
    expect(problems({ ...rest, undici: { ...undici, in: ['@plugboard/provider-acme'] } })).toEqual([
      `@plugboard/core: undici is not approved in ${where}`,
      `${where}: @plugboard/provider-acme no longer depends on undici`,
    ]);
  });
  test('a name that a dependency brings along is refused as well, also under an alias', () => {
    const sdk = { ...approved['acme-sdk'], brings: [] };
    expect(problems({ ...approved, 'acme-sdk': sdk }).toSorted()).toEqual([
      `@plugboard/provider-acme: acme-sdk brings axios, which is not approved in ${where}`,
      `@plugboard/provider-acme: acme-sdk brings real, which is not approved in ${where}`,
    ]);
  });
  test('an approval needs a reason, and goes when nobody needs it', () => {
    expect(problems({ ...approved, undici: { ...approved.undici, why: ' ' } })).toEqual([
      `${where}: undici: \`why\` gives no reason`,
    ]);
    expect(problems({ ...approved, gone: { why: 'Nobody knows why.', in: ['*'], brings: [] } })).toEqual([
      `${where}: * no longer depends on gone`,
    ]);
  });
});

describe('S04 the lockfile', () => {
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const settings = { minimumReleaseAge: 10_080, allowBuilds: { node: true, esbuild: false } };
  const problems = (resolution: object, more: object = {}, files: Record<string, string> = {}) =>
    checkLockfile(
      repository({
        'pnpm-lock.yaml': { packages: { 'left-pad@1.3.0': { resolution } } },
        'pnpm-workspace.yaml': { ...settings, ...more },
        ...files,
      }),
    ).problems;

  test('a hash and nothing else passes', () => {
    expect(problems({ integrity })).toEqual([]);
    expect(problems({ integrity }, { minimumReleaseAgeExclude: ['undici@7.30.2', '@a/b@1.2.3'] })).toEqual([]);
    expect(problems({ integrity }, {}, { '.npmrc': 'ignore-scripts=true\n' })).toEqual([]);
  });
  test.each([
    ['no hash', {}, 'has no sha512'],
    ['a weak hash', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'has no sha512'],
    [
      'a tarball of elsewhere',
      { integrity, tarball: 'https://evil.example/x.tgz' },
      'not come from the default registry',
    ],
    ['a repository', { integrity, type: 'git', repo: 'https://x.example/y.git', commit: 'c' }, '(type, repo, commit)'],
    ['a folder', { directory: '../x', type: 'directory' }, 'not come from the default registry'],
  ])('%s is refused', (_, resolution, problem) => {
    expect(problems(resolution)).toContainEqual(expect.stringContaining(problem));
  });
  test.each([
    ['a day of rest', { minimumReleaseAge: 1_440 }, 'minimumReleaseAge is below 10080 minutes'],
    ['an exception for all releases', { minimumReleaseAgeExclude: ['undici'] }, 'undici names no exact version'],
    ['an exception for a range', { minimumReleaseAgeExclude: ['undici@^7.0.0'] }, 'names no exact version'],
    ['a foreign script', { allowBuilds: { node: true, 'left-pad': true } }, 'left-pad may run an install script'],
    ['all foreign scripts', { dangerouslyAllowAllBuilds: true }, 'lets every dependency run scripts'],
    ['a registry', { registry: 'https://r.example' }, 'registry: the default is enough'],
    ['registries', { registries: { '@a': 'https://r.example' } }, 'registries: the default is enough'],
  ])('settings with %s are refused', (_, more, problem) => {
    expect(problems({ integrity }, more)).toEqual([expect.stringContaining(problem)]);
  });
  test.each(['registry=https://r.example', '@a:registry=https://r.example', '//r.example/:_authToken=x'])(
    'an .npmrc with %s is refused',
    (line) => {
      expect(problems({ integrity }, {}, { '.npmrc': `a=b\n${line}\n` })).toEqual([
        '.npmrc:2: names a registry or a token',
      ]);
    },
  );
});

describe('S05 known holes', () => {
  interface Query {
    readonly package: { readonly ecosystem: string; readonly name: string };
    readonly version: string;
  }
  const osv = async (answer: (queries: readonly Query[]) => object, status = 200) => {
    const asked: (readonly Query[])[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { queries } = JSON.parse(body) as { queries: readonly Query[] };
        asked.push(queries);
        response.writeHead(status).end(JSON.stringify(answer(queries)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/querybatch`, asked };
  };
  const clean = (queries: readonly Query[]) => ({ results: queries.map(() => ({})) });

  test('are found by the place of the question, in batches', async () => {
    const ids = Array.from({ length: 501 }, (_, index) => `@scope/p${index}@1.0.${index}`);
    const { endpoint, asked } = await osv((queries) => ({
      results: queries.map(({ version }) =>
        version === '1.0.500' ? { vulns: [{ id: 'GHSA-x' }, { id: 'CVE-y' }] } : {},
      ),
    }));
    expect(await osvAdvisories(ids, { endpoint })).toEqual([
      { id: '@scope/p500@1.0.500', advisories: ['GHSA-x', 'CVE-y'] },
    ]);
    expect(asked.map((queries) => queries.length)).toEqual([500, 1]);
    expect(asked[1]).toEqual([{ package: { ecosystem: 'npm', name: '@scope/p500' }, version: '1.0.500' }]);
  });
  test('no answer, or half of one, is no clean bill', async () => {
    const down = await osv(clean, 503);
    await expect(osvAdvisories(['a@1.0.0'], down)).rejects.toThrow('OSV answered 503.');
    const half = await osv(() => ({ results: [{}] }));
    await expect(osvAdvisories(['a@1.0.0', 'b@1.0.0'], half)).rejects.toThrow('OSV answered 1 of 2 questions.');
    const empty = await osv(() => ({}));
    await expect(osvAdvisories(['a@1.0.0'], empty)).rejects.toThrow('OSV answered 0 of 1 questions.');
    expect(await osvAdvisories(['a@1.0.0'], await osv(clean))).toEqual([]);
  });
});

describe('S06 tarballs', () => {
  const machine = '/home/builder/plugboard';
  const manifest = { name: '@plugboard/core', version: '1.0.0' };
  const files = {
    'package.json': '{}',
    'README.md': '# Core',
    LICENSE: 'x',
    'dist/index.js': '',
    'dist/index.d.ts': '',
  };
  const problems = (more: Record<string, string> = {}, fields: object = {}) => {
    const all = { ...files, ...more };
    const root = repository(all);
    const packed = { tarball: '', root, manifest: { ...manifest, ...fields }, files: Object.keys(all), entries: [] };
    return contentProblems(packed, machine).map((line) => line.replace('@plugboard/core: ', ''));
  };

  test('code, declarations, licence and README pass', () => expect(problems()).toEqual([]));
  test.each([
    ['a map', { 'dist/index.js.map': '{}' }, 'the tarball holds dist/index.js.map'],
    ['a source', { 'src/index.ts': '' }, 'the tarball holds src/index.ts'],
    ['a setting of npm', { '.npmrc': '' }, 'the tarball holds .npmrc'],
    ['a binary', { 'dist/addon.node': '' }, 'the tarball holds dist/addon.node'],
    [
      'a pointer to a map',
      { 'dist/a.js': '//# sourceMappingURL=a.js.map' },
      'dist/a.js points to a file of the building',
    ],
    [
      'a path of the machine',
      { 'dist/a.js': `"${machine}/src"` },
      'dist/a.js points to a file of the building machine',
    ],
    ['what npm compiles', { 'binding.gyp': '{}' }, 'npm would compile it when it is installed'],
  ])('%s is refused', (_, more, problem) => expect(problems(more)).toContainEqual(expect.stringContaining(problem)));
  test.each(['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])('the script %s is refused', (name) => {
    expect(problems({}, { scripts: { [name]: 'node x.js' } })).toEqual([`the manifest has the script ${name}`]);
  });
  test('a licence may not be missing', () => {
    const { LICENSE: _LICENSE, ...rest } = files;
    const packed = { tarball: '', root: repository(rest), manifest, files: Object.keys(rest), entries: [] };
    expect(contentProblems(packed, machine)).toEqual(['@plugboard/core: the tarball lacks LICENSE']);
  });
  test('two builds are compared by hash, and a missing tarball differs', () => {
    const tarballs = (texts: Record<string, string>) => {
      const root = repository(texts);
      return hashesOf(Object.keys(texts).map((file) => join(root, file)));
    };
    const first = tarballs({ 'a.tgz': 'one', 'b.tgz': 'two' });
    expect(differences(first, tarballs({ 'a.tgz': 'one', 'b.tgz': 'two' }))).toEqual([]);
    expect(differences(first, tarballs({ 'a.tgz': 'One', 'c.tgz': 'two' }))).toEqual([
      'a.tgz: a second build makes other bytes',
      'b.tgz: a second build makes other bytes',
      'c.tgz: a second build makes other bytes',
    ]);
  });
});

describe('S08 the security policy', () => {
  const good = readFileSync(join(rootDir, 'SECURITY.md'), 'utf8');
  const problems = (text: string) => checkPolicy(repository({ 'SECURITY.md': text })).problems;
  const links = /\]\((?!https)[^)]*\)/g;
  const alone = good.replaceAll(links, '](https://x.example)');

  test('says what it must', () => expect(problems(alone)).toEqual([]));
  test.each([
    'Reporting',
    'Supported versions',
    'What Plugboard protects',
    'What is out of scope',
    'The supply chain',
    'Advisories',
  ])('without «%s» it is refused', (name) => {
    expect(problems(alone.replace(`## ${name}`, '## Other'))).toEqual([`SECURITY.md: lacks the part «${name}»`]);
    const empty = alone.replace(new RegExp(`(## ${name}\\n)[^#]*`), '$1\nLater.\n\n');
    expect(problems(empty)).toEqual([`SECURITY.md: «${name}» does not say what it is for`]);
  });
  test('links that lead nowhere are refused', () => {
    expect(problems(`${alone}\n[a](docs/gone.md#part) [b](https://b.example)\n`)).toEqual([
      'SECURITY.md: docs/gone.md does not exist',
    ]);
  });
});
