export { bullmqJobs, type BullmqJobsOptions } from './bullmq-jobs.ts';
export type { JobBoard, JobEngine, StopOptions, StopReport } from '@plugboard/core/job-kit';
