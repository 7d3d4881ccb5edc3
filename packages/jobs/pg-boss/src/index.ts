export { pgBossJobs, type PgBossJobsOptions } from './pg-boss-jobs.ts';
export type { JobBoard, JobEngine, StopOptions, StopReport } from '@plugboard/core/job-kit';
