/** One thing that must run in the background: what every engine of jobs is given. */
export interface JobRun {
  /** Items worked on. */
  readonly processed: number;
  /** There was more than one run may take; run again soon. */
  readonly more: boolean;
}

export type JobName = 'refresh' | 'webhooks' | 'channels' | 'health' | 'sync' | 'cleanup';

export interface Job {
  readonly name: JobName;
  readonly description: string;
  /** Milliseconds between runs. */
  readonly everyMs: number;
  /** Processes that run it at once share its work. Of the others one run at a time is enough. */
  readonly parallel: boolean;
  /** Safe to run in several processes at once; where one is enough, the others find nothing to do. */
  run(signal?: AbortSignal): Promise<JobRun>;
  /** False while another process is at it, or was within the interval. Absent: each process does its share. */
  due?(): Promise<boolean>;
}
