export { googleAds } from './provider.ts';
export { hashPerson } from './schemas.ts';
