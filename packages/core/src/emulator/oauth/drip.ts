import type { Clock } from '../../clock.ts';

/** The same answer, its body one byte at a time: no time-out between two bytes ever strikes. Ends when nobody reads on. */
export async function drip(response: Response, clock: Clock, everyMs: number): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const left = new AbortController();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent === bytes.length) return controller.close();
      await clock.sleep(everyMs, left.signal);
      controller.enqueue(bytes.subarray(sent, ++sent));
    },
    cancel: () => left.abort(),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
