export { postgresStore, type PostgresStoreOptions } from './postgres-store.ts';
export { migrate, migrationSql, type MigrationResult, type MigrationSqlOptions } from './migrate.ts';
export type { LockOptions } from './lock.ts';
export type { OrganizationColumn, OrganizationReference, OrganizationType, SchemaOptions, TableName } from './names.ts';
export type { DriverOptions, NeonHttp, Pglite, PgPool, PostgresClient, PostgresJs } from './drivers.ts';
