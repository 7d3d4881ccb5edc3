export { openai } from './provider.ts';
export type { ResponseEvent } from './responses.ts';
