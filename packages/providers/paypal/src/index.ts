export { payerLink } from './orders.ts';
export { paypal } from './provider.ts';
