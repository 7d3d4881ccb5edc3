export { sentry } from './provider.ts';
