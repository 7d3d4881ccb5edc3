export { googleDrive } from './provider.ts';
export { quote } from './schemas.ts';
