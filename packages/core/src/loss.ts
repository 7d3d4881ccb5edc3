/** What an SDK took in and could not deliver. */
export interface Loss {
  readonly count: number;
  /** Machine-readable: `queue_full`, `refused`. */
  readonly reason: string;
}
