/** What Discord hands over: a bot's token, tokens of a user, the URL of a channel's webhook. */
import { at, header, isPlugboardError, PlugboardError, readTokenAnswer, reveal, text } from '@plugboard/core';
import type { Api, Grant, Json, OAuthClient, Secret, Sign } from '@plugboard/core';
import { secret, text as field, z } from '@plugboard/core/fields';

/** Without a version it would be v6, which is deprecated: https://docs.discord.com/developers/reference (2026-08). */
export const baseUrl = 'https://discord.com/api/v10';

export const botFields = z.strictObject({
  botToken: secret('Bot token', {
    help: 'Your application > Bot > Reset Token.',
    example: 'MTk4NjIy.CsHM-G.0123abcd',
    pattern: /^[\w-]+\.[\w-]+\.[\w-]+$/,
  }),
  publicKey: field('Public key', {
    help: 'Your application > General Information. Needed to receive its interactions.',
    pattern: /^[0-9a-f]{64}$/,
  }).optional(),
});
export const signBot = header('authorization', 'botToken', 'Bot ');

const address =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/api(?:\/v\d+)?\/webhooks\/(\d{15,20})\/([\w-]+)$/;
export const webhookUrl = secret('Webhook URL', {
  help: 'Channel settings > Integrations > Webhooks > Copy Webhook URL.',
  example: 'https://discord.com/api/webhooks/223704706495545344/xxxx',
  pattern: address,
});
/** The URL is the credential: `webhookPath` puts it into the path, and nothing else is added. */
export const signWebhook: Sign = { places: ['path'], apply: () => undefined };

const held = z.looseObject({ webhookUrl: z.string().optional() });

/** Id and token of the webhook that was named, or of the connection's own. */
export function webhookPath(url: Secret | undefined, api: Pick<Api, 'credentials'>) {
  const [, webhookId, webhookToken] = address.exec(reveal(url ?? api.credentials(held).webhookUrl ?? '')) ?? [];
  if (webhookId !== undefined && webhookToken !== undefined) return { webhookId, webhookToken };
  throw new PlugboardError({
    kind: 'permission',
    code: 'no_webhook',
    message: 'This Discord connection has no webhook.',
    hint: 'Pass `url`, or connect by the URL of a webhook or by adding one to a channel.',
  });
}

/**
 * With the scope `bot` the answer names the server that the user added the bot to, with `webhook.incoming` the webhook.
 * @see https://docs.discord.com/developers/topics/oauth2 (2026-08)
 */
export function readGrant(answer: Json): Grant {
  const grant = readTokenAnswer(answer);
  const [id, url] = [text(at(answer, 'guild', 'id')), text(at(answer, 'webhook', 'url'))];
  return {
    ...grant,
    credentials: { ...grant.credentials, ...(url !== undefined && { webhookUrl: url }) },
    ...(id !== undefined && { account: { id, name: text(at(answer, 'guild', 'name')) ?? id } }),
  };
}

/** The webhook outlives the tokens that came with it; they are good for nothing else. */
export function readWebhook(answer: Json): Grant {
  const { scopes, credentials } = readGrant(answer);
  return { credentials: { webhookUrl: credentials['webhookUrl'] }, ...(scopes && { scopes }) };
}

/** Takes the webhook out of its channel. One that is gone already is what was asked for. */
export async function deleteWebhook({ request, credentials }: OAuthClient): Promise<void> {
  const { webhookId, webhookToken } = webhookPath(credentials['webhookUrl'] as Secret, {
    credentials: () => ({}) as never,
  });
  try {
    const url = `${baseUrl}/webhooks/${webhookId}/${webhookToken}`;
    await request({ method: 'DELETE', url, classify: () => undefined });
  } catch (error) {
    if (!isPlugboardError(error) || error.status !== 404) throw error;
  }
}
