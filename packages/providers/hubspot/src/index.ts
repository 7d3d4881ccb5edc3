export { hubspot } from './provider.ts';
