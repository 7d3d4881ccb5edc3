/** What failures mean, whether they come as an answer or within a stream. */
import { member, PlugboardError, text, vendorErrors } from '@plugboard/core';
import type { Answer, ErrorExample, Json, Meaning } from '@plugboard/core';

const key: Meaning = { kind: 'auth', hint: 'Check the API key at https://platform.openai.com/api-keys.' };
/** The same status as a rate limit; waiting does not help. */
const quota: Meaning = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The credit or the spend limit is used up: https://platform.openai.com/settings/organization/billing.',
};

const unsupportedCountry = 'unsupported_country_region_territory';

/** https://developers.openai.com/docs/guides/error-codes (2026-10), and the codes of failed responses in `openai` 7.59.0. */
const codes: Readonly<Record<string, Meaning>> = {
  invalid_api_key: key,
  insufficient_quota: quota,
  billing_hard_limit_reached: quota,
  billing_not_active: quota,
  rate_limit_exceeded: { kind: 'rate_limited', code: 'rate_limited' },
  model_not_found: { kind: 'not_found', hint: 'The key may not use this model, or it is retired: list `models`.' },
  context_length_exceeded: { kind: 'invalid_request', hint: 'Shorten the input, or take a model with more context.' },
  [unsupportedCountry]: 'permission',
  server_error: { kind: 'unavailable', code: 'server_error' },
  vector_store_timeout: 'timeout',
};

type Is = ErrorExample['is'];
const shown = (status: number, code: string | null, message: string, is: Is): ErrorExample => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param: null, code } },
  is,
});
const shouldRetry = (told: string) => ({ headers: { 'x-should-retry': told } });

export const errors = vendorErrors({
  // Some failures have a type and no code.
  code: (answer: Answer) => {
    const error = member(answer.tryJson(), 'error');
    return text(member(error, 'code')) ?? text(member(error, 'type'));
  },
  message: ['error', 'message'],
  codes,
  // The vendor's own word on another try goes first, as in its SDK: `openai` 7.59.0, client.ts, shouldRetry.
  retryHeader: 'x-should-retry',
  examples: {
    invalidCredentials: shown(401, 'invalid_api_key', 'Incorrect API key provided.', {
      kind: 'auth',
      code: 'invalid_api_key',
    }),
    wrongOrganization: shown(401, null, 'You must be a member.', { kind: 'auth', code: 'unauthorized' }),
    missingPermission: shown(403, null, 'You have insufficient permissions.', {
      kind: 'permission',
      code: 'forbidden',
    }),
    unsupportedCountry: shown(403, unsupportedCountry, 'Not here.', { kind: 'permission', code: unsupportedCountry }),
    badRequest: shown(400, null, 'Not supported with this model.', { kind: 'invalid_request', code: 'bad_request' }),
    notFound: shown(404, null, 'Response not found.', { kind: 'not_found', code: 'not_found' }),
    unknownModel: shown(404, 'model_not_found', 'No such model.', { kind: 'not_found', code: 'model_not_found' }),
    rateLimited: {
      ...shown(429, 'rate_limit_exceeded', 'Rate limit reached.', {
        kind: 'rate_limited',
        code: 'rate_limited',
        retryAfterMs: 1500,
      }),
      headers: { 'retry-after': '2', 'retry-after-ms': '1500' },
    },
    quotaUsedUp: {
      ...shown(429, 'insufficient_quota', 'You exceeded your current quota.', {
        kind: 'rate_limited',
        code: 'insufficient_quota',
        retryable: false,
      }),
      ...shouldRetry('true'),
    },
    overloaded: shown(503, null, 'Overloaded.', { kind: 'unavailable', code: 'unavailable', retryable: true }),
    final: {
      ...shown(500, null, 'The server had an error.', { kind: 'unavailable', code: 'server_error', retryable: false }),
      ...shouldRetry('false'),
    },
  },
});

/** A failure that comes with status 200: of a response, or in the middle of a stream. Its words are not repeated. */
export function failedResponse(error: Json | undefined): PlugboardError {
  const code = text(member(error, 'code')) ?? 'unknown';
  const meaning = Object.hasOwn(codes, code) ? codes[code]! : 'invalid_request';
  const known = typeof meaning === 'string' ? { kind: meaning } : meaning;
  return new PlugboardError({
    ...known,
    code: known.code ?? (Object.hasOwn(codes, code) ? code : 'response_failed'),
    message: 'The model could not finish its answer.',
    provider: 'openai',
    vendor: { code },
  });
}
