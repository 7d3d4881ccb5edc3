/** What Salesforce's refusals mean: a list with a code in it, whatever the status. */
import { at, snakeCase, text, vendorErrors, type ErrorExample, type ErrorKind, type Meaning } from '@plugboard/core';

const spent: Meaning = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The organization has used its API requests of 24 hours, all of its apps together; ask again in some hours.',
};
const access: Meaning = { kind: 'permission', hint: 'The connected user needs a permission for this object or field.' };
const duplicate: Meaning = { kind: 'conflict', retryable: false };
const noApi: Meaning = {
  kind: 'permission',
  hint: 'The edition or profile has no API: an administrator must enable it.',
};

/** Answers of 401 that no refresh cures. */
const noExpiry = /This session is not valid for use with the REST API|Connected app is not attached to Agent/;

function refused(status: number, errorCode: string, kind: ErrorKind, code = snakeCase(errorCode)): ErrorExample {
  return { status, body: [{ message: 'The error in words.', errorCode, fields: [] }], is: { kind, code } };
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm (2026-11-20) */
export const errors = vendorErrors({
  code: [0, 'errorCode'],
  message: [0, 'message'],
  codes: {
    INVALID_SESSION_ID: 'auth',
    INVALID_AUTH_HEADER: 'auth',
    REQUEST_LIMIT_EXCEEDED: spent,
    API_DISABLED_FOR_ORG: noApi,
    API_CURRENTLY_DISABLED: noApi,
    INSUFFICIENT_ACCESS: access,
    INSUFFICIENT_ACCESS_OR_READONLY: access,
    INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: access,
    DUPLICATE_VALUE: duplicate,
    DUPLICATES_DETECTED: duplicate,
    ENTITY_IS_DELETED: 'not_found',
    UNABLE_TO_LOCK_ROW: { kind: 'conflict', retryable: true },
    SERVER_UNAVAILABLE: 'unavailable',
  },
  classify(answer) {
    const message = text(at(answer.tryJson(), 0, 'message')) ?? answer.text();
    if (answer.status === 401 && noExpiry.test(message)) {
      return { kind: 'permission', code: 'session_not_for_api', hint: 'The app of this session may not use the API.' };
    }
    if (answer.status === 403 && /^(?:Bad|Missing)_OAuth_Token/.test(message))
      return { kind: 'auth', code: 'bad_token' };
    if (answer.status === 420) {
      return { kind: 'unavailable', code: 'organization_gone', hint: 'A scratch organization that was deleted.' };
    }
    if (answer.status === 300) {
      return { kind: 'conflict', code: 'several_matches', hint: 'Several records have this external id.' };
    }
    return undefined;
  },
  examples: {
    invalidCredentials: refused(401, 'INVALID_SESSION_ID', 'auth'),
    notForApi: {
      status: 401,
      body: [{ message: 'This session is not valid for use with the REST API', errorCode: 'INVALID_SESSION_ID' }],
      is: { kind: 'permission', code: 'session_not_for_api' },
    },
    badToken: { status: 403, body: 'Bad_OAuth_Token', is: { kind: 'auth', code: 'bad_token' } },
    missingScope: refused(403, 'INSUFFICIENT_ACCESS', 'permission'),
    noApi: refused(403, 'API_DISABLED_FOR_ORG', 'permission'),
    requestLimit: {
      status: 403,
      body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
      is: { kind: 'rate_limited', code: 'request_limit_exceeded', retryable: false },
    },
    malformedQuery: refused(400, 'MALFORMED_QUERY', 'invalid_request', 'bad_request'),
    invalidField: refused(400, 'INVALID_FIELD', 'invalid_request', 'bad_request'),
    requiredField: refused(400, 'REQUIRED_FIELD_MISSING', 'invalid_request', 'bad_request'),
    validationRule: refused(400, 'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'invalid_request', 'bad_request'),
    duplicate: refused(400, 'DUPLICATE_VALUE', 'conflict'),
    locked: refused(400, 'UNABLE_TO_LOCK_ROW', 'conflict'),
    severalMatches: {
      status: 300,
      body: ['/services/data/v68.0/sobjects/Account/001D000000IRFmaIAH'],
      is: { kind: 'conflict', code: 'several_matches' },
    },
    notFound: refused(404, 'NOT_FOUND', 'not_found', 'not_found'),
    deleted: refused(404, 'ENTITY_IS_DELETED', 'not_found'),
    missingToken: { status: 403, body: 'Missing_OAuth_Token', is: { kind: 'auth', code: 'bad_token' } },
    notAttached: {
      status: 401,
      body: [{ message: 'Connected app is not attached to Agent', errorCode: 'INVALID_SESSION_ID' }],
      is: { kind: 'permission', code: 'session_not_for_api' },
    },
    deletedOrganization: { status: 420, is: { kind: 'unavailable', code: 'organization_gone', retryable: true } },
    tooMany: { status: 429, is: { kind: 'rate_limited', code: 'rate_limited' } },
    closedOrganization: { status: 500, body: '<html>Down</html>', is: { kind: 'unavailable', code: 'server_error' } },
    gateway: { status: 502, is: { kind: 'unavailable', code: 'server_error' } },
    gatewayTimeout: { status: 504, is: { kind: 'unavailable', code: 'server_error' } },
    outage: refused(503, 'SERVER_UNAVAILABLE', 'unavailable'),
  },
});
