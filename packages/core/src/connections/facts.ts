/** What is known of a connection besides its credentials: the vendor's facts, and the engine's own beside them. */
import { inputOf } from '../hosts.ts';
import { canonicalJson, type JsonObject } from '../json.ts';
import type { ConnectionRow } from '../store.ts';
import { webhookKeysMember } from './webhook-keys.ts';

/** Members of the metadata that are the engine's: whoever sets them decides which hosts are called, and who hears what. */
const engineMembers: ReadonlySet<string> = new Set([
  'accountChoices',
  'alsoKnownAs',
  'channels',
  'input',
  'missingScopes',
  webhookKeysMember,
]);

/** What a vendor told, without anything that it has no say in. */
export function vendorFacts(metadata: JsonObject = {}): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !engineMembers.has(name)));
}

/** The same with the values that the tenant gave. */
export function withInput(metadata: JsonObject | undefined, input: JsonObject): JsonObject {
  return { ...vendorFacts(metadata), ...(Object.keys(input).length > 0 && { input }) };
}

/**
 * What may decide where the credentials of a connection go: how it connected, the vendor's facts and the tenant's values,
 * as one text. Changes with a grant alone, never with the engine's own members.
 */
export function decidingFacts({ method, metadata }: Pick<ConnectionRow, 'method' | 'metadata'>): string {
  // Most connections have none, and this is asked before every call.
  const facts = hasMembers(metadata) ? withInput(metadata, inputOf(metadata)) : {};
  return hasMembers(facts) ? canonicalJson([method, facts]) : `[${JSON.stringify(method)},{}]`;
}

function hasMembers(value: object): boolean {
  for (const _name in value) return true;
  return false;
}

/** The facts of a new grant in place of the old ones, beside the engine's own members as they are at the moment. */
export function withFacts(current: JsonObject, facts: JsonObject): JsonObject {
  const own = Object.entries(current).filter(([name]) => engineMembers.has(name));
  return { ...Object.fromEntries(own), ...facts };
}

/** What a connection is known by, as if it were new. */
export function factsOf({ metadata, scopes, account }: ConnectionRow) {
  return {
    metadata: withInput(metadata, inputOf(metadata)),
    ...(scopes && { scopes }),
    ...(account && { account }),
  };
}
