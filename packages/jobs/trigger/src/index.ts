export { triggerTasks, type TriggerTasks, type TriggerTasksOptions } from './trigger-tasks.ts';
export type { JobBoard } from '@plugboard/core/job-kit';
