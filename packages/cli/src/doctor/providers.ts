/** Vendors: how each is configured, and whether its webhooks can be verified. */
import type { Context } from '../command.ts';
import type { Finding } from '../findings.ts';
import type { Board } from '../load-config.ts';
import { count } from '../terminal.ts';

export function checkProviders({ mode, url, operator: { providers } }: Board): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { id, stub, missing, platform, webhooks } of providers) {
    if (stub) continue;
    if (missing.length > 0) {
      const status = platform ? 'ok' : 'warning';
      const message = `${id}: nobody can connect by OAuth; missing: ${missing.join(', ')}`;
      findings.push({
        about: 'providers',
        status,
        message,
        hint: `Set these names if organizations connect that way. The redirect URI to register is ${url}/callback/${id}.`,
      });
    }
    if (webhooks === null || webhooks.ready || webhooks.perConnection) continue;
    findings.push({
      about: 'webhooks',
      status: 'warning',
      message: `${id}: no secret, so deliveries are answered with 503`,
      hint:
        webhooks.names.length === 0
          ? undefined
          : `Set ${webhooks.names.join(' or ')}, if the vendor sends you any. Their address is ${url}/webhooks/${id}.`,
    });
  }
  const stubs = providers.filter(({ stub }) => stub).map(({ id }) => id);
  if (stubs.length > 0) {
    const message = `${count(stubs.length, 'stand-in')} instead of vendors, for want of credentials: ${stubs.join(', ')}`;
    findings.push({
      about: 'providers',
      status: 'ok',
      message,
      hint: `Only because the mode is ${mode}. plugboard env lists what to set.`,
    });
  }
  const live = providers.length - stubs.length;
  if (live === 0 && stubs.length > 0) return findings;
  const message = `${count(live, 'provider')} with credentials or keys of their organizations`;
  return [{ about: 'providers', status: 'ok', message }, ...findings];
}

/** The board could not be made: every gap of the providers at once, where the config exports them. */
export async function inspectFailed(context: Context): Promise<readonly Finding[]> {
  const config = await context.config().catch(() => undefined);
  if (config?.providers === undefined) return [];
  const { inspectProviders } = await import('@plugboard/core');
  const inspected = inspectProviders(config.providers, process.env, 'production');
  return inspected.flatMap(({ id, error, setup }): readonly Finding[] => {
    if (error !== null)
      return [{ about: 'providers', status: 'problem', message: `${id}: ${error.message}`, hint: error.hint }];
    if (setup === null || setup.missing.length === 0) return [];
    return [{ about: 'providers', status: 'warning', message: `${id}: missing: ${setup.missing.join(', ')}` }];
  });
}
