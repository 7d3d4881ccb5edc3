export { resend } from './provider.ts';
