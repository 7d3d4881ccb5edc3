export { discord } from './provider.ts';
