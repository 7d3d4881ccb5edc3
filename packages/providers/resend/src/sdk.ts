/** The official SDK, its calls going through the board's transport. */
import { isPlugboardError, parseJson, type Api, type Method } from '@plugboard/core';
import type { Resend } from 'resend';

/**
 * Loaded at first use. Its key is a placeholder: credentials are put on by the transport, which also keeps its time-outs,
 * limits, host checks and stubs. The SDK answers `{ data, error }` and does not throw.
 */
export async function loadSdk(api: Api): Promise<Resend> {
  const sdk = await import('resend');
  const client = new sdk.Resend('re_plugboard');
  return Object.assign(client, { fetchRequest: (path: string, options?: RequestInit) => send(api, path, options) });
}

async function send(api: Api, path: string, options: RequestInit = {}) {
  const { body, headers, method = 'GET', signal } = options;
  const given = Object.fromEntries(
    [...new Headers(headers)].filter(([name]) => name !== 'authorization' && name !== 'user-agent'),
  );
  const keyed = 'idempotency-key' in given;
  try {
    const answer = await api.request(
      {
        method: method as Method,
        url: path,
        headers: given,
        operation: 'sdk',
        ...(typeof body === 'string' && { body }),
        ...(keyed && { repeat: 'keyed' as const }),
      },
      signal ? { signal } : {},
    );
    const text = answer.text();
    return { data: text === '' ? {} : parseJson(text), error: null, headers: Object.fromEntries(answer.headers) };
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    const name = error.vendor?.code ?? error.code;
    return {
      data: null,
      error: { message: error.vendor?.message ?? error.message, statusCode: error.status ?? null, name },
      headers: null,
    };
  }
}
