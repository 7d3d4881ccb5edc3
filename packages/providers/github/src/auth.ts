/**
 * Ways to connect. Tokens are opaque: their prefixes and lengths have changed before.
 * @see https://docs.github.com/en/apps/creating-github-apps/about-creating-github-apps (2026-11-20)
 */
import { apiKey, at, bearer, classifyOAuth, encodeBase64, encodeUtf8, isPlugboardError, need } from '@plugboard/core';
import { number, oauth2, PlugboardError, readTokenAnswer, Secret, text } from '@plugboard/core';
import type { AppValues, Classify, Failure, Grant, Json, OAuthClient } from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import { apiUrl, appJwt, installUrl, siteUrl } from './app.ts';
import { errors } from './errors.ts';

/** Refusals come with status 200, and with codes of their own. */
const tokenErrors: Readonly<Record<string, Pick<Failure, 'kind' | 'code' | 'hint'>>> = {
  bad_verification_code: { kind: 'auth', code: 'invalid_grant' },
  bad_refresh_token: { kind: 'auth', code: 'invalid_grant' },
  incorrect_client_credentials: {
    kind: 'configuration',
    code: 'invalid_client',
    hint: 'Check GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET.',
  },
  redirect_uri_mismatch: {
    kind: 'configuration',
    code: 'redirect_uri_mismatch',
    hint: 'Register the callback address of the board with the app.',
  },
  unverified_user_email: { kind: 'permission', code: 'unverified_user_email', hint: 'The user must verify an email.' },
};

const classifyToken: Classify = (answer) => {
  const code = text(at(answer.tryJson(), 'error')) ?? '';
  const known = Object.hasOwn(tokenErrors, code) ? tokenErrors[code] : undefined;
  return known === undefined ? classifyOAuth(answer) : { ...known, vendor: { code } };
};

/** No scope is named for a GitHub App, whose permissions are the app's: that says nothing, not «none». */
function readToken(answer: Json): Grant {
  const { scopes = [], ...grant } = readTokenAnswer(answer, ',');
  return scopes.length === 0 ? grant : { ...grant, scopes };
}

type Init = Pick<Parameters<OAuthClient['request']>[0], 'method' | 'headers' | 'json' | 'classify'>;

/** A call of the API within a flow; without a version header, which an older Enterprise Server may not know. */
function ask({ app, request }: OAuthClient, path: string, init: Init) {
  const headers = { accept: 'application/vnd.github+json', ...init.headers };
  return request({ classify: errors.classify, ...init, url: apiUrl(app) + path, headers });
}

const idOf = (value: Json | undefined) => String(number(value) ?? '');
const bearerOf = (token: string) => ({ authorization: `Bearer ${token}` });

/** One token; the user's other connections to the same app go on. */
async function revokeUserToken(client: OAuthClient, token: string): Promise<void> {
  const [id, password] = [need(client.app, 'clientId'), need(client.app, 'clientSecret')];
  const headers = { authorization: `Basic ${encodeBase64(encodeUtf8(`${id}:${password}`))}` };
  const path = `/applications/${encodeURIComponent(id)}/token`;
  await ask(client, path, { method: 'DELETE', headers, json: { access_token: token } }).catch(gone);
}

/** What is dead already is what was asked for. */
function gone(error: unknown): void {
  const dead = isPlugboardError(error) && (error.kind === 'auth' || error.status === 404 || error.status === 422);
  if (!dead) throw error;
}

const includes: Readonly<Record<string, readonly string[]>> = {
  repo: ['public_repo', 'repo:status'],
  user: ['read:user', 'user:email'],
  'admin:repo_hook': ['write:repo_hook', 'read:repo_hook'],
};

/**
 * Named in callbacks since April 2026; servers of an enterprise may not do so yet, hence never missed.
 * @see https://docs.github.com/en/apps/github-authentication-discovery-endpoints (2026-11-28)
 */
const issuer = (_input: object, app: AppValues) => `${siteUrl(app)}/login/oauth`;

/** For an OAuth app as well as for a GitHub App: the app decides whether tokens end, and whether scopes mean anything. */
export const oauth = oauth2({
  title: 'GitHub account',
  authorize: { url: (_input, app) => `${siteUrl(app)}/login/oauth/authorize` },
  token: { url: (_input, app) => `${siteUrl(app)}/login/oauth/access_token` },
  classify: classifyToken,
  read: readToken,
  pkce: 'supported',
  issuer,
  scopes: {
    ask: ['read:user', 'user:email', 'repo'],
    known: {
      'read:user': 'Show who is connected.',
      'user:email': 'Read your email addresses.',
      user: 'Read and change your profile.',
      repo: 'Read and write your repositories, private ones too.',
      public_repo: 'Read and write your public repositories.',
      'repo:status': 'Set commit statuses.',
      'admin:repo_hook': 'Create and delete webhooks of repositories.',
      'write:repo_hook': 'Create webhooks of repositories.',
      'read:repo_hook': 'Read webhooks of repositories.',
      'read:org': 'Read your organizations and teams.',
    },
    implies: (scope) => includes[scope] ?? [],
    unless: 'appId',
  },
  // Old tokens of a GitHub App stop at once; those of an OAuth app have no refresh token and no end.
  refresh: { rotation: 'strict', oldAccessTokenDies: true },
  revoke: (client) => revokeUserToken(client, need(client.credentials, 'accessToken')),
  example: {
    access_token: 'ghu_16C7e42F292c6912E7710c838347Ae178B4a',
    expires_in: 28_800,
    refresh_token: 'ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1ccbF66C46812d16D5B1A9Dc86A1498',
    refresh_token_expires_in: 15_897_600,
    scope: 'repo,user:email',
    token_type: 'bearer',
  },
});

/** 404: uninstalled. 403: suspended. Both last until somebody at the organization acts. */
const classifyMint: Classify = (answer) => {
  const judged = errors.classify(answer);
  const { status } = answer;
  if (status === 404) return { kind: 'auth', code: 'installation_deleted', hint: 'Install the app again.' };
  if (status === 403 && judged?.kind !== 'rate_limited') return { kind: 'auth', code: 'installation_suspended' };
  if (status !== 401) return judged;
  const message = text(at(answer.tryJson(), 'message')) ?? '';
  const skewed = /'(Expiration time|Issued at)' claim/.test(message);
  const hint = skewed ? 'Set the clock of this machine.' : 'Check GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.';
  return { kind: 'configuration', code: skewed ? 'clock_skew' : 'bad_app_credentials', hint };
};

/** What the app asks as itself; once more by the vendor's clock where the own one is too far off, as its library does. */
async function askAsApp(client: OAuthClient, path: string) {
  let theirs = Number.NaN;
  const classify: Classify = (answer) => {
    theirs = Date.parse(answer.headers.get('date') ?? '');
    return classifyMint(answer);
  };
  const post = async (now: number) =>
    ask(client, path, { method: 'POST', headers: bearerOf(await appJwt(client.app, now)), classify });
  const answer = await post(client.now).catch((error: unknown) => {
    if (!isPlugboardError(error) || error.code !== 'clock_skew' || Number.isNaN(theirs)) throw error;
    return post(theirs);
  });
  return { answer: answer.json(), now: Number.isNaN(theirs) ? client.now : theirs };
}

async function mint(client: OAuthClient, installationId: string): Promise<Grant> {
  const { answer, now } = await askAsApp(client, `/app/installations/${installationId}/access_tokens`);
  const [token, ends] = [text(at(answer, 'token')), Date.parse(text(at(answer, 'expires_at')) ?? '')];
  return {
    credentials: token === undefined ? {} : { accessToken: new Secret(token) },
    ...(ends > now && { expiresInMs: ends - now }),
    metadata: {
      installationId,
      permissions: at(answer, 'permissions') ?? {},
      repositorySelection: at(answer, 'repository_selection') ?? null,
    },
  };
}

const mostPages = 20;

/** The installations that the user who came back may use. */
async function installationsOf(client: OAuthClient, token: string): Promise<readonly Json[]> {
  const found: Json[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const path = `/user/installations?per_page=100&page=${page}`;
    const some = at((await ask(client, path, { method: 'GET', headers: bearerOf(token) })).json(), 'installations');
    if (Array.isArray(some)) found.push(...(some as readonly Json[]));
    if (!Array.isArray(some) || some.length < 100) break;
  }
  return found;
}

/** The id in the callback is anybody's to write: only an installation that the user's own token lists is taken. */
async function chooseInstallation(client: OAuthClient, token: string): Promise<Json> {
  const listed = await installationsOf(client, token);
  const asked = client.callback?.get('installation_id');
  const named = listed.find((installation) => idOf(at(installation, 'id')) === asked);
  const chosen = asked === null || asked === undefined ? (listed.length === 1 ? listed[0] : undefined) : named;
  if (chosen !== undefined) return chosen;
  throw new PlugboardError({
    kind: 'permission',
    code: 'installation_not_yours',
    message: 'The user who authorized has no such installation of the app.',
    hint: 'Install the app where it is needed, and have an administrator of that place connect it.',
  });
}

/** The app as itself, in what an organization or user installed it on. "Request user authorization" must be on. */
export const installation = oauth2({
  title: 'GitHub App installation',
  authorize: { url: (_input, app) => installUrl(app) },
  token: { url: (_input, app) => `${siteUrl(app)}/login/oauth/access_token` },
  classify: classifyToken,
  read: readToken,
  // The page that installs takes no challenge.
  pkce: 'none',
  issuer,
  scopes: { ask: [], known: {} },
  verifyCallback(params) {
    if (params.get('setup_action') !== 'request') return;
    const message = 'The installation was asked for and waits for the approval of an owner.';
    throw new PlugboardError({
      kind: 'permission',
      code: 'installation_requested',
      message,
      hint: 'Connect again then.',
    });
  },
  signCallback: () => ({ installation_id: '1', setup_action: 'install' }),
  async afterCode({ credentials }, client) {
    const userToken = need(credentials, 'accessToken');
    let chosen: Json;
    try {
      chosen = await chooseInstallation(client, userToken);
    } finally {
      // The user has proved what there was to prove.
      await revokeUserToken(client, userToken).catch(() => undefined);
    }
    const grant = await mint(client, idOf(at(chosen, 'id')));
    const id = idOf(at(chosen, 'account', 'id'));
    return { ...grant, account: { id, name: text(at(chosen, 'account', 'login')) ?? id } };
  },
  // Lives an hour, and is not refreshed but asked for anew.
  refresh: { rotation: 'stable', run: (client) => mint(client, text(client.metadata['installationId']) ?? '') },
  // The token; the app stays installed until somebody at the organization removes it.
  async revoke(client) {
    const headers = bearerOf(need(client.credentials, 'accessToken'));
    await ask(client, '/installation/token', { method: 'DELETE', headers }).catch(gone);
  },
  example: { access_token: 'ghu_16C7e42F292c6912E7710c838347Ae178B4a', scope: '', token_type: 'bearer' },
});

export const token = apiKey({
  title: 'Personal access token',
  credentials: z.strictObject({
    token: secret('Personal access token', { help: 'Settings > Developer settings > Personal access tokens.' }),
    webhookSecret: secret('Webhook secret', { help: 'Of webhooks that were made for repositories.' }).optional(),
  }),
  // Only as an option: GITHUB_TOKEN is set in many places, and nobody else's repositories may be reached with it.
  env: {},
  sign: bearer('token'),
  example: { token: 'github_pat_11ABCDEFG0example' },
});
