/**
 * The page for flows that run in a window of their own: as `returnTo` it gets what every page gets at the end of a flow, tells
 * it to the window that opened it, and closes.
 */
import { invalidInput, type PlugboardError } from '@plugboard/core';

import { flowStatuses, safeReason } from './flow-end.ts';
import { escapeHtml, page } from './page.ts';

/** What `endFlow` puts on an address, and anybody else may. */
export interface FlowMarkers {
  readonly origin?: string | undefined;
  readonly plugboard?: string | undefined;
  readonly provider?: string | undefined;
  readonly reason?: string | undefined;
}

export interface PopupPageOptions {
  readonly url: string;
  /** Origins of pages that may hear of it. */
  readonly origins: ReadonlySet<string>;
  readonly isProvider: (id: string) => boolean;
}

/** @throws PlugboardError code `invalid_input`, naming `origin`, for one that the host has not named. */
export async function popupPage(query: FlowMarkers, options: PopupPageOptions): Promise<Response> {
  const { url, origins, isProvider } = options;
  const { origin = new URL(url).origin, plugboard, provider, reason } = query;
  if (!origins.has(origin)) throw unknownOrigin();
  const message = {
    type: 'plugboard',
    status: flowStatuses.find((status) => status === plugboard) ?? 'error',
    ...(provider !== undefined && isProvider(provider) && { provider }),
    ...(reason !== undefined && safeReason.test(reason) && { reason }),
  };
  const markup = `<p id="end" data-origin="${escapeHtml(origin)}" data-message="${escapeHtml(JSON.stringify(message))}">You can close this window.</p>`;
  return page(markup, script);
}

// The one origin that was named: no other page hears of it, whoever opened the window.
const script = `
const { origin, message } = document.getElementById('end').dataset;
if (window.opener) {
  window.opener.postMessage(JSON.parse(message), origin);
  window.close();
}
`;

function unknownOrigin(): PlugboardError {
  return invalidInput(
    'The popup page',
    [{ path: 'origin', message: 'must be one of the allowed origins' }],
    'Name the origin of the page in the option `origins` of createHandler.',
  );
}
