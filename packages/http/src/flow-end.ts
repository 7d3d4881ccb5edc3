/** Where the browser goes when a connect flow ends: back to the host's page, with a marker that says how it went. */
import { isPlugboardError } from '@plugboard/core';

export const flowStatuses = ['connected', 'choose_account', 'denied', 'error'] as const;
export type FlowStatus = (typeof flowStatuses)[number];

export interface FlowEnd {
  readonly status: FlowStatus;
  /** Only ever a provider of the board. */
  readonly provider?: string | undefined;
  /** One of the library's codes: never the vendor's words. */
  readonly reason?: string | undefined;
}

/** The form of the library's codes. */
export const safeReason = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Always 303, which turns a posted callback into a GET (RFC 9700 section 4.12), and always to a clean address: neither
 * history nor Referer keeps a code or a state.
 * @param returnTo A path of the host or an absolute URL, judged before.
 */
export function endFlow(boardUrl: string, returnTo: string, end: FlowEnd): Response {
  const target = new URL(returnTo, boardUrl);
  const marks = { plugboard: end.status, provider: end.provider, reason: end.reason };
  for (const [name, value] of Object.entries(marks)) {
    if (value === undefined) target.searchParams.delete(name);
    else target.searchParams.set(name, value);
  }
  return seeOther(target.href);
}

export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

export function reasonOf(error: unknown): string {
  return isPlugboardError(error) && safeReason.test(error.code) ? error.code : 'internal_error';
}
