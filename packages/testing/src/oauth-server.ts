/** `@plugboard/testing/oauth-server`: servers on sockets. Needs no test runner, so that other processes can load it. */
export { createFakeOAuthServer, type FakeOAuthServer, type FakeOAuthServerOptions } from './fake-oauth-server.ts';
export { connectFakeOAuthServer, type EndpointSwitchTypes, type RemoteOAuthServer } from './oauth-control.ts';
export { serveFetch, type ServedFetch, type ServeFetchOptions } from './serve-fetch.ts';
