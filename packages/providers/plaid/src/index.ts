export { plaid } from './provider.ts';
