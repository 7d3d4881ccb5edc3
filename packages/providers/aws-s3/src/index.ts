export { awsS3 } from './provider.ts';
