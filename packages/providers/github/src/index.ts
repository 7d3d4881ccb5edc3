export { github } from './provider.ts';
