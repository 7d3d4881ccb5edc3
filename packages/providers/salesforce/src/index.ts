export { salesforce } from './provider.ts';
export { soql } from './soql.ts';
