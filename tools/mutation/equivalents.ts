/** Changes of security code that no caller could notice, each with its reason. Whatever else survives is owed a test. */
import { ofConnections } from './equivalents/connections.ts';
import { ofCore } from './equivalents/core.ts';
import type { Equivalent } from './equivalents/equivalent.ts';
import { ofRefresh } from './equivalents/refresh.ts';
import { ofWebhooks } from './equivalents/webhooks.ts';

export type { Equivalent };

export const equivalents: readonly Equivalent[] = [...ofConnections, ...ofCore, ...ofRefresh, ...ofWebhooks];
