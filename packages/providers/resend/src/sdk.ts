/** The official SDK, its calls going through the board's transport. */
import { isPlugboardError, parseJson, sdkFetch, type Api } from '@plugboard/core';
import type { Resend } from 'resend';

/**
 * Loaded at first use. Its key is a placeholder, and it takes no `fetch` of ours: the function around its own is replaced.
 * The SDK answers `{ data, error }` and does not throw.
 */
export async function loadSdk(api: Api): Promise<Resend> {
  const sdk = await import('resend');
  const send = sdkFetch(api);
  const fetchRequest = async (path: string, options?: RequestInit) => {
    try {
      const response = await send(`https://api.resend.com${path}`, options);
      const body = parseJson((await response.text()) || '{}');
      const headers = Object.fromEntries(response.headers);
      return response.ok ? { data: body, error: null, headers } : { data: null, error: body, headers };
    } catch (error) {
      const cause = isPlugboardError(error) ? error : error instanceof Error ? error.cause : undefined;
      if (!isPlugboardError(cause)) throw error;
      return { data: null, error: { name: cause.code, message: cause.message, statusCode: null }, headers: null };
    }
  };
  return Object.assign(new sdk.Resend('re_plugboard'), { fetchRequest });
}
