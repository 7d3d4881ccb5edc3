export { klaviyo } from './provider.ts';
