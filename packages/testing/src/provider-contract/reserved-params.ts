/** Parameters of an authorization request that belong to the engine. */
export const reservedParams: readonly string[] = [
  'state',
  'redirect_uri',
  'client_id',
  'client_secret',
  'response_type',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'nonce',
  'response_mode',
  'request',
  'request_uri',
];
