export { posthog } from './provider.ts';
