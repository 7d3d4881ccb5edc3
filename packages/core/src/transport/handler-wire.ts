import type { Wire } from './transport.ts';
import { webAnswer } from './web-answer.ts';

/**
 * A wire that ends in this process: the request goes to a function, no socket is opened.
 * @example createTransport({ clock, wire: handlerWire(emulator.fetch) })
 */
export function handlerWire(handle: (request: Request) => Response | Promise<Response>): Wire {
  return async ({ method, url, headers, body, signal }) => {
    signal.throwIfAborted();
    const init = { method, headers, signal, redirect: 'manual', ...(body !== undefined && { body }) } as RequestInit;
    const request = new Request(url, init);
    // A handler that ignores the signal must not outlive the call.
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return webAnswer(await Promise.race([stopped, handle(request)]), signal);
  };
}
