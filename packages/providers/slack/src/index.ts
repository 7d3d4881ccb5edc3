export { slack } from './provider.ts';
