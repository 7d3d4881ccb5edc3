/** XML in, XML out, and what the vendor's refusals mean. */
import { PlugboardError, vendorErrors } from '@plugboard/core';
import type { Answer, ErrorExample, ErrorKind, Failure, Meaning } from '@plugboard/core';
import { parseXml, XmlElement } from '@rgrove/parse-xml';

/** Child elements of that name. */
export function children(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  const nodes = element?.children ?? [];
  return nodes.filter((node): node is XmlElement => node instanceof XmlElement && node.name === name);
}

/** The text at the end of a path of names; undefined where it ends earlier. */
export function textAt(element: XmlElement | undefined, ...names: readonly string[]): string | undefined {
  let found = element;
  for (const name of names) found = children(found, name)[0];
  return found?.text;
}

/**
 * The root of an answer, which must have that name. Entities that a document defines itself are never expanded.
 * @throws PlugboardError kind `invalid_response`.
 */
export function rootOf(answer: Answer, name: string): XmlElement {
  const root = tryXml(answer);
  if (root?.name === name) return root;
  throw new PlugboardError({
    kind: 'invalid_response',
    code: 'unexpected_shape',
    message: `The answer holds no <${name}>.`,
    hint: 'The endpoint may belong to another service; check its address.',
  });
}

function tryXml(answer: Answer): XmlElement | undefined {
  try {
    return parseXml(answer.text().trimStart()).root ?? undefined;
  } catch {
    return undefined;
  }
}

/** The text between the tags, of any characters that XML can hold at all. */
export function element(name: string, content: string | number): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
  return `<${name}>${String(content).replaceAll(/[&<>\r]/g, (found) => entities[found] ?? found)}</${name}>`;
}

const errorStart = /^\s*(?:<\?xml[^>]*>\s*)?<(?:Error|ErrorResponse)[\s>]/;

/** Some requests fail with status 200, once their work has begun. What is a stored object has an entity tag. */
function errorOf(answer: Answer): XmlElement | undefined {
  const { status, headers, bytes } = answer;
  if (status < 300 && (headers.has('etag') || headers.has('last-modified'))) return undefined;
  // Blanks are sent ahead to keep a slow connection open.
  const start = bytes.findIndex((byte) => byte > 0x20);
  if (!errorStart.test(new TextDecoder().decode(bytes.subarray(start, start + 200)))) return undefined;
  const root = tryXml(answer);
  return root?.name === 'ErrorResponse' ? children(root, 'Error')[0] : root;
}

const badKey: Meaning = { kind: 'auth', hint: 'Check the access key id and the secret access key.' };
const ended: Meaning = { kind: 'auth', hint: 'Temporary keys have ended; connect with new ones.' };
const again: Meaning = { kind: 'conflict', retryable: true };

const body = (code: string, message: string, more = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId></Error>`;
const headers = { 'content-type': 'application/xml' };
/** A refusal of AWS's token service. */
export const refusalOf = (code: string, message: string) =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
const unknownKey = refusalOf('InvalidClientTokenId', 'The security token included in the request is invalid.');
const elsewhere = '<Endpoint>examplebucket.s3.eu-west-1.amazonaws.com</Endpoint>';

type Case = readonly [status: number, body: string, kind: ErrorKind, code: string, retryable?: boolean];
const cases = {
  invalidCredentials: [403, body('InvalidAccessKeyId', 'The key id does not exist.'), 'auth', 'invalid_access_key_id'],
  wrongSecret: [403, body('SignatureDoesNotMatch', 'They do not match.'), 'auth', 'signature_does_not_match'],
  unknownToSts: [403, unknownKey, 'auth', 'invalid_client_token_id'],
  expiredToken: [400, body('ExpiredToken', 'The provided token has expired.'), 'auth', 'expired_token', false],
  wrongToken: [400, body('InvalidToken', 'The provided token is malformed.'), 'auth', 'invalid_token'],
  clockSkew: [403, body('RequestTimeTooSkewed', 'Too large.'), 'configuration', 'request_time_too_skewed'],
  missingScope: [403, body('AccessDenied', 'Access Denied'), 'permission', 'access_denied'],
  archived: [403, body('InvalidObjectState', 'Not valid for the storage class.'), 'conflict', 'invalid_object_state'],
  noBucket: [404, body('NoSuchBucket', 'The bucket does not exist.'), 'not_found', 'no_such_bucket'],
  noKey: [404, body('NoSuchKey', 'The specified key does not exist.', '<Key>a.txt</Key>'), 'not_found', 'not_found'],
  noBody: [404, '', 'not_found', 'not_found'],
  movedBucket: [301, body('PermanentRedirect', 'Use that endpoint.', elsewhere), 'invalid_request', 'wrong_region'],
  wrongRegion: [
    400,
    body('AuthorizationHeaderMalformed', "the region 'us-east-1' is wrong", '<Region>eu-west-1</Region>'),
    'invalid_request',
    'wrong_region',
  ],
  exists: [412, body('PreconditionFailed', 'One did not hold.'), 'conflict', 'precondition_failed', false],
  raced: [409, body('ConditionalRequestConflict', 'Try again.'), 'conflict', 'conditional_request_conflict', true],
  slowDown: [503, body('SlowDown', 'Please reduce your request rate.'), 'rate_limited', 'slow_down', true],
  throttledBySts: [400, refusalOf('Throttling', 'Rate exceeded'), 'rate_limited', 'throttling', true],
  slowUpload: [400, body('RequestTimeout', 'Nothing was read in time.'), 'timeout', 'request_timeout', true],
  outage: [500, body('InternalError', 'Please try again.'), 'unavailable', 'internal_error', true],
  failedLate: [200, body('InternalError', 'Please try again.'), 'unavailable', 'internal_error', true],
} as const satisfies Readonly<Record<string, Case>>;

function exampleOf([status, text, kind, code, retryable]: Case): ErrorExample {
  const is = { kind, code, ...(retryable !== undefined && { retryable }) };
  return text === '' ? { status, is } : { status, headers, body: text, is };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11-20) */
export const errors = vendorErrors({
  code: (answer) => textAt(errorOf(answer), 'Code'),
  message: (answer) => textAt(errorOf(answer), 'Message'),
  insideSuccess: true,
  classify: judgeRegion,
  codes: {
    InvalidAccessKeyId: badKey,
    SignatureDoesNotMatch: badKey,
    InvalidClientTokenId: badKey,
    IncompleteSignature: badKey,
    MissingAuthenticationToken: badKey,
    InvalidToken: { kind: 'auth', hint: 'The session token does not belong to these keys.' },
    ExpiredToken: ended,
    TokenRefreshRequired: ended,
    // Nobody has to connect again because the clock of this machine is wrong.
    RequestTimeTooSkewed: { kind: 'configuration', hint: 'Set the clock of this machine: it is off by 15 minutes.' },
    AccessDenied: { kind: 'permission', hint: 'The keys are good; their policy or that of the bucket forbids this.' },
    InvalidObjectState: { kind: 'conflict', hint: 'The object is archived: restore it first.' },
    NoSuchBucket: { kind: 'not_found', hint: 'Check the name of the bucket and the endpoint.' },
    ConditionalRequestConflict: again,
    OperationAborted: again,
    SlowDown: 'rate_limited',
    Throttling: 'rate_limited',
    InternalError: 'unavailable',
    ServiceUnavailable: 'unavailable',
    RequestTimeout: 'timeout',
    NotImplemented: { kind: 'invalid_request', hint: 'This service does not offer that.' },
  },
  examples: Object.fromEntries(Object.entries(cases).map(([name, shown]) => [name, exampleOf(shown)])) as {
    readonly [Name in keyof typeof cases]: ErrorExample;
  },
});

/** The region that an answer names, because the request went to another one. */
function judgeRegion(answer: Answer): Failure | undefined {
  if (answer.status !== 301 && answer.status !== 400) return undefined;
  const found = errorOf(answer);
  const code = textAt(found, 'Code');
  if (answer.status === 400 && code !== 'AuthorizationHeaderMalformed') return undefined;
  const region = textAt(found, 'Region') ?? answer.headers.get('x-amz-bucket-region') ?? '';
  if (code === undefined && region === '') return undefined;
  const named = /^[a-z0-9-]{1,40}$/.test(region) ? `region ${region}` : 'the region of the bucket';
  const message = 'The bucket is in another region.';
  return {
    kind: 'invalid_request',
    code: 'wrong_region',
    message,
    hint: `Connect again with ${named}.`,
    vendor: { code },
  };
}
