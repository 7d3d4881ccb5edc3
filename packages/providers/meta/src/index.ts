export { meta } from './provider.ts';
