import { configurationError } from '@plugboard/core/store-kit';

const pattern = /^[a-z_][a-z0-9_:-]{0,62}$/;

/**
 * What every key of a store begins with. The braces are a hash tag: in a cluster all keys of a store lie in one slot,
 * where a script can reach them.
 * @throws PlugboardError kind `configuration`, code `invalid_name`.
 */
export function keyBase(prefix: string): string {
  if (typeof prefix === 'string' && pattern.test(prefix)) return `{${prefix}}:`;
  throw configurationError(
    'invalid_name',
    '`prefix` is not a start for the names of keys.',
    `Use 1 to 63 characters that match ${pattern.source}.`,
  );
}
