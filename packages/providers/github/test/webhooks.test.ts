import { verify as vendorVerify } from '@octokit/webhooks-methods';
import { exampleRsaPem } from '@plugboard/core';
import { agreesWithVerifier } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { github } from '../src/index.ts';
import { createRig, oauthApp } from './rig.ts';

const { webhooks } = github.definition;
const app = { appId: '12345', privateKey: exampleRsaPem, slug: 'plugboard-demo' };
const url = 'https://app.example.com/integrations/webhooks/github';
const octocat = { id: 1, login: 'octocat' };
const whole = { id: 1, app_id: 12345, account: { id: 9919, login: 'github' } };
const repository = { id: 1296269, full_name: 'octocat/Hello-World' };

async function delivery(event: string, body: object | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = await webhooks!.sign({ body: text, url, at: new Date(0) }, oauthApp.webhookSecret);
  const all = { 'x-github-event': event, 'content-type': 'application/json', ...headers, ...signature };
  return new Request(url, { method: 'POST', body: text, headers: all });
}

async function connected(method: 'oauth' | 'installation') {
  const rig = createRig(method === 'installation' ? app : {});
  await rig.connect(method);
  const heard: string[] = [];
  rig.board.on('github', '*', (_data, { type, organizationId }) => void heard.push(`${type} ${organizationId}`));
  const receive = async (...given: Parameters<typeof delivery>) =>
    (await rig.board.webhooks.receive('github', await delivery(...given))).status;
  return { ...rig, heard, receive, statusOf: async () => (await rig.connection())?.status };
}

describe('verification', () => {
  test('R54 agrees with the vendor’s own over 10,000 mutations, but for a signature in upper case', async () => {
    const result = await agreesWithVerifier(webhooks!, {
      secret: 'hook-secret',
      bodies: ['{"action":"opened"}', 'payload=%7B%7D', '{"text":"größer"}'],
      accepts: ({ body, headers }) => vendorVerify('hook-secret', body, headers['x-hub-signature-256'] ?? ''),
      stricter: ({ headers }) =>
        /[A-F]/.test(headers['x-hub-signature-256'] ?? '') ? 'a signature in upper case' : undefined,
    });
    expect(Object.keys(result.stricter).every((rule) => rule === 'a signature in upper case')).toBe(true);
  });

  test('ignores the signature of old', async () => {
    const { receive } = await connected('oauth');
    expect(await receive('ping', { zen: 'z' }, { 'x-hub-signature': 'sha1=0000' })).toBe(200);
    const request = new Request(url, { method: 'POST', body: '{}', headers: { 'x-hub-signature': 'sha1=0000' } });
    const { board } = createRig();
    expect((await board.webhooks.receive('github', request)).status).toBe(401);
  });
});

describe('events', () => {
  test('of an installation reach its connection, in JSON and in a form', async () => {
    const { heard, receive } = await connected('installation');
    const body = { action: 'opened', issue: { number: 1 }, repository, installation: { id: 1 }, sender: octocat };
    expect(await receive('issues', body)).toBe(200);
    expect(await receive('issues', { ...body, installation: { id: 2 } })).toBe(200);
    const form = new URLSearchParams({ payload: JSON.stringify({ ...body, action: 'closed' }) }).toString();
    expect(await receive('issues', form, { 'content-type': 'application/x-www-form-urlencoded' })).toBe(200);
    expect(heard).toEqual(['issues org-1', 'issues org-1']);
  });

  test('are told once, whatever the delivery calls itself', async () => {
    const { heard, receive } = await connected('installation');
    const body = { action: 'opened', issue: { number: 1 }, repository, installation: { id: 1 } };
    for (const id of ['a', 'b', 'a']) expect(await receive('issues', body, { 'x-github-delivery': id })).toBe(200);
    expect(heard).toEqual(['issues org-1']);
  });

  test.each(['deleted', 'suspend'])('an installation that is %s ends its connection', async (action) => {
    const { receive, statusOf } = await connected('installation');
    for (const kept of ['created', 'unsuspend', 'new_permissions_accepted']) {
      expect(await receive('installation', { action: kept, installation: whole, sender: octocat })).toBe(200);
    }
    expect(await statusOf()).toBe('active');
    expect(await receive('installation', { action, installation: whole, sender: octocat })).toBe(200);
    expect(await statusOf()).toBe('disconnected');
  });

  test('a user who takes the authorization back ends their own connection, and no installation', async () => {
    const user = await connected('oauth');
    expect(await user.receive('github_app_authorization', { action: 'revoked', sender: { id: 2, login: 'x' } })).toBe(
      200,
    );
    expect(await user.statusOf()).toBe('active');
    expect(await user.receive('github_app_authorization', { action: 'revoked', sender: octocat })).toBe(200);
    expect(await user.statusOf()).toBe('disconnected');
    const installed = await connected('installation');
    expect(await installed.receive('github_app_authorization', { action: 'revoked', sender: octocat })).toBe(200);
    expect(await installed.statusOf()).toBe('active');
  });

  test('that somebody replays under another name end nothing: the header is not signed', async () => {
    const installed = await connected('installation');
    const comment = {
      action: 'deleted',
      comment: { id: 1 },
      issue: { number: 1 },
      repository,
      installation: { id: 1 },
    };
    expect(await installed.receive('installation', { ...comment, sender: octocat })).toBe(400);
    expect(await installed.receive('installation', { ...comment, installation: whole })).toBe(400);
    expect(await installed.statusOf()).toBe('active');
    const user = await connected('oauth');
    for (const body of [comment, { action: 'revoked', repository }, { action: 'revoked', organization: { id: 1 } }]) {
      expect(await user.receive('github_app_authorization', { ...body, sender: octocat })).toBe(400);
    }
    expect(await user.statusOf()).toBe('active');
  });

  test('a ping is answered, and a body of megabytes is read', async () => {
    const { receive } = await connected('oauth');
    expect(await receive('ping', { zen: 'Keep it logically awesome.', hook_id: 1 })).toBe(200);
    expect(await receive('push', { ref: 'x', repository, padding: 'x'.repeat(5_000_000) })).toBe(200);
  });
});
