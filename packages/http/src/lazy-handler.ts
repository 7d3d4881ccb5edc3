import type { Handler } from './create-handler.ts';

/** Makes the handler at the first request and keeps it; a failure is not kept, and the next request tries again. */
export function lazyHandler<Arguments extends readonly unknown[]>(
  load: (...given: Arguments) => Handler | Promise<Handler>,
): (...given: Arguments) => Promise<Handler> {
  let kept: Promise<Handler> | undefined;
  return (...given) =>
    (kept ??= Promise.resolve()
      .then(() => load(...given))
      .catch((error: unknown) => {
        kept = undefined;
        throw error;
      }));
}
