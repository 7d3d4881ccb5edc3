export { genericOidc } from './provider.ts';
