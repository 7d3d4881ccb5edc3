/** What an authorization server says of itself (RFC 8414, OpenID Connect Discovery), kept with a flow's input. */
import { PlugboardError } from '../errors.ts';
import { endpointProblem } from '../host-name.ts';
import { member, type JsonObject } from '../json.ts';
import type { AppValues, Computed, OAuthClient } from './auth.ts';

/** Where `input` holds what `discover` found. A tenant's own input cannot have a member of that name. */
export const discoveredKey = 'discovered';

/** The endpoints among what was discovered: members that are addresses. Nested ones are not looked at. */
export function discoveredOf(input: JsonObject): Readonly<Record<string, string>> {
  const found = Object.entries(Object(member(input, discoveredKey)) as JsonObject);
  return Object.fromEntries(found.filter((entry): entry is [string, string] => isAddress(entry[1])));
}

/**
 * Each endpoint will be sent secrets, and is named by a document from the network.
 * @throws PlugboardError kind `invalid_response`, code `bad_discovery`, naming the member, never its value.
 */
export function checkDiscovered(discovered: JsonObject): void {
  for (const [name, url] of Object.entries(discoveredOf({ [discoveredKey]: discovered }))) {
    const problem = url.startsWith('http://') ? 'must begin with https://' : endpointProblem(url);
    if (problem === undefined) continue;
    throw new PlugboardError({
      kind: 'invalid_response',
      code: 'bad_discovery',
      message: `The server's description of itself is refused: \`${name}\` ${problem}.`,
      hint: 'Correct the metadata of the authorization server; nothing was sent to that address.',
      fields: [{ path: name, message: problem }],
    });
  }
}

/** A fact of the method for one connection. */
export function computed<T extends string | boolean | object | undefined>(
  fact: Computed<T>,
  { input, app }: Pick<OAuthClient, 'input' | 'app'>,
): T {
  return typeof fact === 'function' ? (fact as (input: JsonObject, app: AppValues) => T)(input, app) : fact;
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(value);
}
