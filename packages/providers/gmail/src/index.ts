export { gmail } from './provider.ts';
