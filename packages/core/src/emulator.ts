/**
 * Doubles of vendors, for a host's tests, for development without keys, and for demonstrations: an entry of its own, so
 * that production never loads it.
 */
export type {
  EmulatedReply,
  EmulatedRequest,
  EmulatedVendor,
  EmulatorExtension,
  EmulatorRoute,
  EmulatorRoutes,
  OpenRoute,
} from './emulator/contract.ts';
export { createEmulator, type Emulator, type EmulatorOptions } from './emulator/create-emulator.ts';
export {
  createAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type Consent,
  type EndpointName,
  type IssueOptions,
  type TokenInfo,
} from './emulator/oauth/authorization-server.ts';
export type { ExpectedAssertion } from './emulator/oauth/client-assertion.ts';
export type { ClientAuth, RegisteredClient } from './emulator/oauth/client-auth.ts';
export type { Gate } from './emulator/oauth/gate.ts';
export type {
  Ledger,
  LedgerFamily,
  LedgerSnapshot,
  LedgerToken,
  Reuse,
  Revocation,
  RevocationCause,
  TokenCall,
  TokenKind,
  TokenState,
} from './emulator/oauth/ledger.ts';
export type { OAuthErrorCode, OAuthFailure, ShapeFailure } from './emulator/oauth/oauth-failure.ts';
export type { AuthorizationProfile, EndpointAddress, ProfileKind, ProfileScopes } from './emulator/oauth/profile.ts';
export { createTokenSigner, type TokenSigner } from './emulator/oauth/token-signer.ts';
export { isConnectionDropped } from './emulator/oauth/run-endpoint.ts';
export type {
  AuthorizeSwitches,
  EndpointSwitches,
  GrantSwitches,
  JunkBody,
  SwitchBoard,
  TokenSwitches,
} from './emulator/oauth/switches.ts';
export type { LoggedCredential, LoggedRequest } from './emulator/request-log.ts';
export { createSandbox, vendorUrlOf, type Sandbox, type SandboxOptions } from './emulator/sandbox.ts';
export type { WebhookOptions } from './emulator/webhook-request.ts';
export { sandboxUrl } from './sandbox-url.ts';
