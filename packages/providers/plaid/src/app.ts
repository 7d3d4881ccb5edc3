/** What the host registered with Plaid, and which of its two worlds that is for. */
import { configurationError, need, reveal } from '@plugboard/core';
import type { AppFields, AppValues } from '@plugboard/core';

export const app = {
  clientId: { title: 'Client id', env: 'PLAID_CLIENT_ID' },
  secret: {
    title: 'Secret',
    env: 'PLAID_SECRET',
    secret: true,
    help: 'Each environment has a secret of its own.',
    example: '60f1c2a9b8d7e6f5a4b3c2d1e0f9a8',
  },
  environment: { title: 'Environment', env: 'PLAID_ENV', help: '`sandbox` or `production`.', example: 'sandbox' },
  appName: {
    title: 'Name in Link',
    env: 'PLAID_APP_NAME',
    help: 'What users read when they connect a bank: 30 characters at most.',
    example: 'Example App',
  },
  products: {
    title: 'Products',
    env: 'PLAID_PRODUCTS',
    help: 'What new Items are asked for, and billed for: `auth,transactions`. Default `transactions`.',
    example: 'auth,transactions',
    optional: true,
  },
  countryCodes: {
    title: 'Countries',
    env: 'PLAID_COUNTRY_CODES',
    help: 'Default `US`.',
    example: 'US',
    optional: true,
  },
  daysRequested: {
    title: 'Days of transactions',
    env: 'PLAID_DAYS_REQUESTED',
    help: 'How far back new Items go, and cannot be asked for later: 1 to 730. Default 90.',
    example: '730',
    optional: true,
  },
  redirectUri: {
    title: 'Redirect URI',
    env: 'PLAID_REDIRECT_URI',
    help: 'For banks that have a login of their own: as it is registered in the dashboard.',
    example: 'https://app.example.com/bank',
    optional: true,
  },
} as const satisfies AppFields;

/** @throws PlugboardError code `unknown_environment`: neither may stand in for the other. */
export function baseUrl({ environment = '' }: AppValues): string {
  const name = reveal(environment);
  if (name === 'sandbox' || name === 'production') return `https://${name}.plaid.com`;
  throw configurationError(
    'unknown_environment',
    'The option `environment` names no environment of Plaid.',
    'Set PLAID_ENV to `sandbox` or `production`; development has ended.',
  );
}

/** https://plaid.com/docs/api/#api-protocols-and-headers (2026-11-20) */
export const headersOf = (values: AppValues) => ({
  'plaid-client-id': need(values, 'clientId'),
  'plaid-secret': need(values, 'secret'),
  'plaid-version': '2020-09-14',
});

/** @throws PlugboardError code `invalid_option`. */
export function daysRequested({ daysRequested: given }: AppValues): number | undefined {
  if (given === undefined) return undefined;
  const days = Number(reveal(given));
  if (Number.isInteger(days) && days >= 1 && days <= 730) return days;
  const message = 'The option `daysRequested` is no number of days.';
  throw configurationError('invalid_option', message, 'Set PLAID_DAYS_REQUESTED to a whole number from 1 to 730.');
}

/** The parts of a list that an environment variable holds. */
export function listOf(values: AppValues, field: 'products' | 'countryCodes', otherwise: string): string[] {
  const parts = reveal(values[field] ?? otherwise).split(',');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
