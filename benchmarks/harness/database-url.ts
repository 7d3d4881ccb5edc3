/** The database that the tests use as well; every table of a benchmark lives in a schema of its own, dropped at the end. */
export const databaseUrl: string = process.env['PLUGBOARD_TEST_POSTGRES_URL'] ?? 'postgres://root@127.0.0.1:5432/test';
