/** One request to the vendor's API: found, judged, answered. */
import type { Clock } from '../clock.ts';
import type { AnyDefinition } from '../provider.ts';
import type { AccountRef } from '../store.ts';
import { speakOf } from './accounts.ts';
import type { EmulatedReply } from './emulated-reply.ts';
import type { CredentialJudge, CredentialVerdict } from './credentials.ts';
import { closest, matchEndpoints, type DeclaredEndpoint, type Match } from './declared-endpoints.ts';
import { lastPageOf } from './last-page.ts';
import { once } from './once.ts';
import { matchRoute, type ProviderRoute, type RouteMatch } from './provider-routes.ts';
import { badCredential, missingScope, unknownRoute, wrongContent } from './refusals.ts';
import { readBody, type RequestBody } from './request-body.ts';
import { logContent, type LogEntry } from './request-log.ts';
import { traitsOfRequest, type Traits } from './traits.ts';
import { exampleReply } from './vendor-state.ts';

export interface ApiParts {
  readonly definition: AnyDefinition;
  readonly clock: Clock;
  readonly endpoints: readonly DeclaredEndpoint[];
  readonly judge: CredentialJudge;
  /** The account that the declared examples speak of. */
  readonly account: AccountRef;
}

export interface ApiTurn {
  readonly routes: readonly ProviderRoute[];
  readonly entry: LogEntry;
  /** The failure that a test asked for, if it asked for one. */
  readonly forced: () => EmulatedReply | undefined;
}

export type ApiResponder = (request: Request, turn: ApiTurn) => Promise<EmulatedReply>;

export function createApiResponder(parts: ApiParts): ApiResponder {
  const { definition, clock, endpoints, judge, account } = parts;
  const lastPages = new Map(
    endpoints.map(({ endpoint }) => [endpoint, once(() => lastPageOf(definition, endpoint, clock))]),
  );
  const places = Object.values(definition.auth).flatMap(({ sign }) => sign.places);
  let answered = 0;

  function answerDeclared(declared: DeclaredEndpoint, request: Traits): EmulatedReply {
    const lastPage = lastPages.get(declared.endpoint)?.();
    return lastPage?.isAskedFor(request) === true ? exampleReply(declared, lastPage.answer) : exampleReply(declared);
  }

  return async (request, { routes, entry, forced }) => {
    const url = new URL(request.url);
    const body = await readBody(request);
    const verdict = await judge.judge({ headers: request.headers, url: request.url, json: body.json });
    const traits = traitsOfRequest(url, body);
    // From here on nothing waits, so that routes see their state as if requests came one after another.
    const match = closest(matchEndpoints(endpoints, request.method, url), traits);
    const route = matchRoute(routes, request.method, url);
    entry.operation = match?.declared.name ?? null;
    logContent(entry, request, { body, verdict, places });

    const refusal = forcedOrRefused({ definition, match, route, verdict, body, forced });
    const asked = { request, url, body, account: verdict.ok ? verdict.account : account };
    const reply =
      refusal ??
      answerRoute(route, asked) ??
      (match && answerDeclared(match.declared, traits)) ??
      unknownRoute(definition, endpoints, request);
    const { requestId } = definition.api;
    const headers = { ...(requestId !== undefined && { [requestId]: `emulated-${++answered}` }), ...reply.headers };
    return {
      ...reply,
      headers,
      ...(reply.json !== undefined && { json: speakOf(reply.json, account, asked.account) }),
    };
  };
}

interface Found {
  readonly definition: AnyDefinition;
  readonly match: Match | undefined;
  readonly route: RouteMatch | undefined;
  readonly verdict: CredentialVerdict;
  readonly body: RequestBody;
  readonly forced: ApiTurn['forced'];
}

function forcedOrRefused({ definition, match, route, verdict, body, forced }: Found): EmulatedReply | undefined {
  if (match === undefined && route === undefined) return undefined;
  const failure = forced();
  if (failure !== undefined || route?.route.open === true) return failure;
  if (!verdict.ok) return badCredential(definition, verdict);
  if (match === undefined) return undefined;
  const { declared } = match;
  return missingScope(definition, declared.endpoint.scopes, verdict) ?? wrongContent(definition, declared, body);
}

function answerRoute(
  match: RouteMatch | undefined,
  asked: { readonly request: Request; readonly url: URL; readonly body: RequestBody; readonly account: AccountRef },
): EmulatedReply | undefined {
  const { request, url, body, account } = asked;
  const { text, json, form } = body;
  return match?.route.reply({
    method: request.method,
    url,
    params: match.params,
    headers: request.headers,
    text,
    json,
    form,
    account,
  });
}
