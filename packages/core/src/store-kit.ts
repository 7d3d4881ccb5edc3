/** What a storage adapter builds on: the contract, the checks of inputs, cursors and errors. */
export { systemClock, type Clock } from './clock.ts';
export {
  configurationError,
  invalidInput,
  isPlugboardError,
  PlugboardError,
  type ErrorDetails,
  type ErrorKind,
  type FieldIssue,
} from './errors.ts';
export { encodeBase64, encodeHex } from './bytes.ts';
export { groupCalls, type Grouping } from './group-calls.ts';
export { parseJson, type Json, type JsonObject } from './json.ts';
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { pageOf, readCursor, writeCursor } from './store-cursor.ts';
export {
  checkAccount,
  checkAuditEntry,
  checkAuditFilter,
  checkConnectionFilter,
  checkConnectionKey,
  checkDue,
  checkEntries,
  checkLease,
  checkMarker,
  checkMarkerPrefix,
  checkNewConnection,
  checkOnce,
  checkOnceKey,
  checkOrganizationId,
  checkRelease,
  checkScan,
  checkWrite,
  checkWrites,
  connectionIdTaken,
  isConnectionId,
} from './store-input.ts';
export {
  checkSchedule,
  checkStreamDue,
  checkStreamKey,
  checkStreamLease,
  checkStreamSave,
} from './store-sync-input.ts';
export {
  checkInboxAdd,
  checkInboxDiscard,
  checkInboxDue,
  checkInboxFilter,
  checkInboxHolds,
  checkInboxIds,
  checkInboxSettle,
  inboxScope,
  parseSequence,
} from './store-inbox-input.ts';
export type * from './store-inbox.ts';
export type * from './store-sync.ts';
export type * from './store.ts';
