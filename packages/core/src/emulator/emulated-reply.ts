import type { Json } from '../json.ts';

/** What goes back. Default status 200; at most one of `json`, `text` and `stream`. */
export interface EmulatedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly text?: string;
  /** A body that comes in these pieces. Server-sent events unless `content-type` says otherwise. */
  readonly stream?: readonly string[];
}
