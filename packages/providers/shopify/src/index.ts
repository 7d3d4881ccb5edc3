export { shopify } from './provider.ts';
