export { externalId } from './access.ts';
export { awsS3 } from './provider.ts';
