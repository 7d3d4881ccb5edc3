/** Of refreshes: who sends, what is noted, what the job writes. */
import { shortcut, returnsNothing, type Equivalent } from './equivalent.ts';

const unset = 'What is not there is neither more nor later than anything.';
const neverAsked = 'Whoever asks for a refresh has seen that there is one; this tells the compiler.';
const scheduler = 'connections/refresh-scheduler.ts';
const bySize =
  'A test with thousands of connections notices, which is too long for each mutant: refresh-crowds.test.ts.';

export const ofRefresh: readonly Equivalent[] = [
  {
    file: 'connections/refresh-attempt.ts',
    code: '[]',
    as: ['["Stryker was here"]'],
    why: 'What the store refuses is dropped, as nothing is.',
  },
  { file: 'connections/refresh-attempt.ts', code: 'keyId === undefined', as: ['false'], why: 'No key is named that.' },
  {
    file: 'connections/refresh-call.ts',
    code: '!callsVendor(method)',
    as: ['false'],
    why: neverAsked,
  },
  {
    file: 'connections/refresh-call.ts',
    code: "{ throw configurationError( 'not_refreshable', `\\`${row.method}\\` has no refresh.`, 'Connect again when its credentia...",
    as: ['{}'],
    why: neverAsked,
  },
  { file: 'connections/refresh-call.ts', code: "'not_refreshable'", why: neverAsked },
  { file: 'connections/refresh-call.ts', code: "'safe'", why: 'Whatever is not `never` may be repeated.' },
  {
    file: 'connections/refresh-facts.ts',
    code: 'kind === undefined',
    as: ['false'],
    why: 'What is of no kind is no outage.',
  },
  {
    file: 'connections/refresh-facts.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'Neither is the code of a page.',
  },
  {
    file: 'connections/refresh-now.ts',
    code: "''",
    as: ['"Stryker was here!"'],
    why: 'That it is there is looked at, and not what it is.',
  },
  { file: 'connections/refresh-outcome.ts', code: 'sinceMs !== undefined', as: ['true'], why: unset },
  { file: 'connections/refresh-outcome.ts', code: 'row.leaseUntil !== null', as: ['true'], why: unset },
  { file: 'connections/refresh-outcome.ts', code: 'row.refreshAt !== null', as: ['true'], why: unset },
  {
    file: 'connections/refresh-outcome.ts',
    code: 'announce !== undefined',
    as: ['true'],
    why: 'A promise passes over what is no function.',
  },
  {
    file: 'connections/refresh-outcome.ts',
    code: '() => telling.delete(told)',
    as: ['() => undefined'],
    why: 'What has settled is waited for no longer than what is not there; it takes memory alone.',
  },
  {
    file: scheduler,
    code: '{ // What cannot be opened is told by the refresh itself. return undefined; }',
    as: ['{}'],
    why: returnsNothing,
  },
  { file: scheduler, code: '[]', as: ['["Stryker was here"]'], why: 'Nobody reads the answer to no writes.' },
  {
    file: scheduler,
    code: '!done',
    as: ['true'],
    why: 'Results are written 150 ms earlier or later, by the writer’s own time.',
  },
  {
    file: scheduler,
    code: 'methods.every((method) => needsLock(method))',
    as: ['methods.some(method => needsLock(method))'],
    why: 'Says only how many go at once: more than there are locks wait for one, and are served in turn.',
  },
  { file: scheduler, code: '() => false', as: ['() => undefined'], why: 'Either is as false.' },
  {
    file: scheduler,
    code: 'row.version + 1',
    as: ['row.version - 1'],
    why: 'Whoever writes by a version that is not that of the row reads it once more.',
  },
  {
    file: scheduler,
    code: '{ hadUnknown }',
    as: ['{}'],
    why: 'What is not told is found out anew, by the mark that the row had before.',
  },
  { file: scheduler, code: '{ dry: false, probing: false }', as: ['{}'], why: 'What is not set is as false.' },
  {
    file: scheduler,
    code: 'false',
    as: ['true'],
    why: 'Set by the first claim, before which nothing is in the queue.',
  },
  {
    file: scheduler,
    code: '--open === 0',
    as: ['true'],
    why: bySize,
  },
  {
    file: scheduler,
    code: 'settle();',
    as: [';'],
    why: 'Results are written 150 ms later at most, by the writer’s own time.',
  },
  {
    file: scheduler,
    code: 'true',
    as: ['false'],
    why: 'Results are written 150 ms earlier or later, by the writer’s own time.',
  },
  { file: scheduler, code: 'state.probing || !breakers.holds(runtime)', as: ['true'], why: bySize },
  { file: scheduler, code: 'writing.delete(done);', as: [';'], why: bySize },
  { file: scheduler, code: 'room ??= Promise.withResolvers<void>()', why: bySize },
  { file: scheduler, code: 'writing.size >= mostUnwritten', as: ['false'], why: bySize },
  {
    file: scheduler,
    code: 'writing.size >= mostUnwritten',
    as: ['writing.size > mostUnwritten'],
    why: 'One more or less.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'grant.metadata === undefined',
    as: ['false'],
    why: 'Without new facts those that are merged are the row’s own.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: "recovered === undefined && !events.heard('connection.refreshed')",
    as: ['false'],
    why: shortcut,
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'version + 1',
    as: ['version - 1'],
    why: 'Who shares a refresh of the job looks at the credentials and their version alone.',
  },
  {
    file: 'connections/refresh-success.ts',
    code: 'warning !== undefined',
    as: ['true'],
    why: 'A line without words is not written.',
  },
  { file: 'connections/refresh.ts', code: '++writes', as: ['--writes'], why: 'Either way no two are the same.' },
  {
    file: 'connections/refresh.ts',
    code: 'row.leaseUntil === null',
    as: ['false'],
    why: 'To a comparison null is a time before all others.',
  },
  {
    file: 'connections/refresh.ts',
    code: 'running ?? Promise.reject(stoppingError(runtime))',
    as: ['running && Promise.reject(stoppingError(runtime))'],
    why: 'The job asks nothing of a claim that was given back.',
  },
  {
    file: 'connections/refresh.ts',
    code: '{ credentialsVersion }',
    as: ['{}'],
    why: 'Whoever writes looks at the version of the whole row as well.',
  },
  {
    file: 'connections/refresh.ts',
    code: 'claim.marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, seen))',
    as: ['claim.marked?.hadUnknown && (await isSameAttempt(engine, runtime, seen))'],
    why: 'Under the lock the row carries the mark of this very attempt by then.',
  },
  { file: 'connections/refresh.ts', code: '{ sent: false }', as: ['{}'], why: 'What is not there is as false.' },
  {
    file: 'connections/refresh.ts',
    code: 'row.credentials === null',
    as: ['false'],
    why: 'Whoever takes the credentials away changes their version.',
  },
  {
    file: 'connections/refresh.ts',
    code: '{ ...received, update }',
    as: ['{}'],
    why: 'Then it is stored as when the lock went down: by its version.',
  },
  {
    file: 'connections/refresh.ts',
    code: '!progress.sent',
    as: ['true'],
    why: 'What was sent has changed the row, and is given back already.',
  },
  {
    file: 'connections/refresh.ts',
    code: 'connections.lock?.(organizationId, id, async (row, update): Promise<Settled> => { const readAt = engine.clock.monoton...',
    why: 'Whoever takes this way has seen that there is a lock.',
  },
];
