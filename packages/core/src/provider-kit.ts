/** `@plugboard/core/provider-kit`: the parts of the engine that tests of providers run on their own. */
export { computed } from './auth/discovery.ts';
export { discoverEndpoints, sendOAuth } from './auth/oauth-client.ts';
export { systemClock } from './clock.ts';
export { buildRequest, encodeInput, type BuiltRequest } from './client/request.ts';
export { placeholderApi } from './emulator/placeholders.ts';
export { configurationError } from './errors.ts';
export { streamsOf } from './provider-streams.ts';
export { redact } from './redact.ts';
export { exampleOf } from './schema-example.ts';
export { accepts, checkAnswer, checkInput, jsonSchemaOf, type Schema } from './schema.ts';
export { secretTexts } from './secret.ts';
export { hostsFor } from './hosts.ts';
export { hostMatches } from './url.ts';
export { createAnswer } from './transport/answer.ts';
export { classifyByStatus } from './transport/classify.ts';
export { createTransport } from './transport/create-transport.ts';
export { createKeyCache } from './webhooks/key-cache.ts';
