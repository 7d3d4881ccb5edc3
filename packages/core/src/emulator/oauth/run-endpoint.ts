/** One request through the switches of its endpoint: what goes wrong before the work, and what after it. */
import type { Clock } from '../../clock.ts';
import type { GateKeeper } from './gate.ts';
import { spoil } from './junk.ts';
import { failureReply, type OAuthErrorCode, type OAuthReply } from './oauth-failure.ts';
import type { EndpointSwitches } from './switches.ts';

/**
 * The answer never came: a broken connection, as an error with the code that sockets report. A server over HTTP breaks
 * its socket when it meets one.
 */
function connectionDropped(): Error {
  return Object.assign(new Error('The connection was closed without an answer.'), { code: 'ECONNRESET' });
}

export function isConnectionDropped(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

export interface EndpointRun {
  readonly clock: Clock;
  readonly gate: GateKeeper;
  readonly switches: EndpointSwitches;
}

/**
 * @param work Runs between the switches, in one synchronous step: everything that decides and issues. Only what needs no
 * state may follow later.
 * @throws the error of `connectionDropped`.
 */
export async function runEndpoint(run: EndpointRun, work: () => OAuthReply | Promise<OAuthReply>): Promise<OAuthReply> {
  const { switches } = run;
  await pause(run, switches.delayBeforeMs, switches.hold === 'before');
  if (switches.drop === 'before') throw connectionDropped();
  const forced = forcedAnswer(switches);
  if (forced !== undefined && switches.processed !== true) return forced;
  const reply = await work();
  await pause(run, switches.delayAfterMs, switches.hold === 'after');
  if (switches.drop === 'after') throw connectionDropped();
  if (forced !== undefined) return forced;
  return switches.body === undefined ? reply : spoil(reply, switches.body);
}

async function pause({ clock, gate }: EndpointRun, delayMs: number | undefined, hold: boolean): Promise<void> {
  if (delayMs !== undefined) await clock.sleep(delayMs);
  if (hold) await gate.wait();
}

function forcedAnswer({ status, retryAfter, error }: EndpointSwitches): OAuthReply | undefined {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  if (error !== undefined) {
    const reply = failureReply({ error: error as OAuthErrorCode, description: 'refused on demand' });
    return { ...reply, headers, ...(status !== undefined && { status }) };
  }
  if (status === undefined) return undefined;
  // What proxies in front of a vendor answer: a page, not an error of OAuth.
  return { status, headers: { ...headers, 'content-type': 'text/html' }, text: `<h1>${status}</h1>` };
}
