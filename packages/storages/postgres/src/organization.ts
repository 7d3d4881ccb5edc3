import { checkOrganizationId, invalidInput } from '@plugboard/core/store-kit';

import type { OrganizationType } from './names.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const integer = /^(0|-?[1-9]\d{0,18})$/;
const widest = 2n ** 63n;

/**
 * An id that the column cannot hold, or would write in another way, is refused before any statement.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`.
 */
export function checkOrganization(organizationId: string, type: OrganizationType): void {
  checkOrganizationId(organizationId);
  if (type === 'uuid' && !uuid.test(organizationId)) throw refused('must be a UUID in lower case');
  if (type === 'bigint' && !isBigint(organizationId)) throw refused('must be a decimal integer of at most 64 bits');
}

function isBigint(text: string): boolean {
  if (!integer.test(text)) return false;
  const value = BigInt(text);
  return value >= -widest && value < widest;
}

function refused(message: string): Error {
  return invalidInput('The organization', [{ path: 'organizationId', message }]);
}
