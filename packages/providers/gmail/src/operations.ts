/** What the client offers: https://developers.google.com/workspace/gmail/api/reference/rest (2026-11-20). */
import { endpoint, isPlugboardError, operation } from '@plugboard/core';
import type { Api } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';
import { pageToken, readAll, readBase64, texts } from '@plugboard/google';

import {
  facts,
  historyPage,
  historyPages,
  id,
  largest,
  listed,
  message,
  messagePage,
  messagePages,
} from './schemas.ts';
import { labelsOf, needs, relabelled, thread, threadPage, threadPages } from './schemas.ts';
import { getMessage, outgoing } from './sending.ts';

/** A search; where it names no label, in that of the settings. */
const byLabels = {
  input: given({}, { ...listed, pageToken }),
  encode: ({ labelIds, ...query }: { readonly labelIds?: string[] | undefined }, api: Api) => ({
    query: { ...query, labelIds: labelsOf(api, labelIds) },
  }),
};

export const profile = {
  get: endpoint('GET /users/me/profile', {
    summary: 'Reads the address of the mailbox, and where its history stands.',
    ...facts('/getProfile', 1, needs.profile),
    input: given({}),
    output: like({ emailAddress: 'user@example.com' }, { messagesTotal: 1200, threadsTotal: 800, historyId: '987654' }),
  }),
};

export const messages = {
  ...outgoing,
  list: endpoint('GET /users/me/messages', {
    summary: 'Lists mails, by a search as in Gmail and by labels.',
    ...facts('.messages/list', 5, needs.see),
    ...byLabels,
    output: messagePage,
    paging: messagePages,
  }),
  get: getMessage,
  label: endpoint('POST /users/me/messages/{id}/modify', {
    summary: 'Changes the labels of a mail: `UNREAD` away is read, `INBOX` away is archived.',
    ...facts('.messages/modify', 5, needs.change),
    input: given({ id }, relabelled),
    output: message,
    repeat: 'safe',
  }),
  labelMany: endpoint('POST /users/me/messages/batchModify', {
    summary: 'Changes the labels of up to 1000 mails.',
    ...facts('.messages/batchModify', 50, needs.change),
    input: given({ ids: texts(1000, [id]) }, relabelled),
    output: nothing,
    repeat: 'safe',
    example: { status: 204 },
  }),
  trash: endpoint('POST /users/me/messages/{id}/trash', {
    summary: 'Puts a mail into the trash.',
    ...facts('.messages/trash', 5, needs.change),
    input: given({ id }),
    output: message,
    repeat: 'safe',
  }),
};

export const attachmentsOf = {
  get: endpoint('GET /users/me/messages/{messageId}/attachments/{id}', {
    summary: 'Reads an attachment, by the id that a part of its mail names.',
    ...facts('.messages.attachments/get', 20, needs.read),
    input: given({ messageId: id, id: 'ANGjdJ8w' }),
    output: like({ data: 'SGVsbG8=' }, { size: 5 }).transform(({ data, ...rest }) => ({
      ...rest,
      content: readBase64(data) ?? new Uint8Array(),
    })),
    maxBytes: largest,
  }),
};

export const labels = {
  list: endpoint('GET /users/me/labels', {
    summary: 'Lists the labels of the mailbox.',
    ...facts('.labels/list', 1, needs.seeLabels),
    input: given({}),
    output: like({ labels: [like({ id: 'Label_1', name: 'Receipts' }, { type: 'user' })] }),
  }),
  create: endpoint('POST /users/me/labels', {
    summary: 'Makes a label.',
    ...facts('.labels/create', 5, needs.label),
    input: given(
      { name: 'Receipts' },
      {
        labelListVisibility: z.enum(['labelShow', 'labelShowIfUnread', 'labelHide']),
        messageListVisibility: z.enum(['show', 'hide']),
      },
    ),
    output: like({ id: 'Label_1', name: 'Receipts' }),
  }),
};

export const threads = {
  list: endpoint('GET /users/me/threads', {
    summary: 'Lists threads, by a search as in Gmail and by labels.',
    ...facts('.threads/list', 10, needs.see),
    ...byLabels,
    output: threadPage,
    paging: threadPages,
  }),
  get: endpoint('GET /users/me/threads/{id}', {
    summary: 'Reads a thread with its mails.',
    ...facts('.threads/get', 40, needs.see),
    input: given({ id }, { format: z.enum(['full', 'metadata', 'minimal']) }),
    output: thread,
    maxBytes: largest,
  }),
  label: endpoint('POST /users/me/threads/{id}/modify', {
    summary: 'Changes the labels of all mails of a thread.',
    ...facts('.threads/modify', 10, needs.change),
    input: given({ id }, relabelled),
    output: thread,
    repeat: 'safe',
  }),
};

const types = z.enum(['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved']);
const since = { historyTypes: z.array(types).min(1), labelId: z.string().min(1), maxResults: listed.maxResults };
const listHistory = endpoint('GET /users/me/history', {
  summary: 'Lists what became of mails since a point of the history.',
  ...facts('.history/list', 2, needs.see),
  input: given({ startHistoryId: '987654' }, { ...since, pageToken }),
  output: historyPage,
  paging: historyPages,
});

/** Only a reader that starts anew gets further: what was read of it is not all, and no point goes on from here. */
function tooOld(error: unknown): never {
  if (!isPlugboardError(error) || error.status !== 404) throw error;
  const hint = 'Take `historyId` of `profile.get`, read the mailbox anew, and go on from that id.';
  throw error.with({ kind: 'conflict', code: 'full_sync_required', retryable: false, hint });
}

export const history = {
  list: listHistory,
  read: operation({
    summary: 'Reads all that happened since a point of the history, and the point for the next time.',
    docs: 'https://developers.google.com/workspace/gmail/api/guides/sync',
    scopes: [needs.see],
    input: given({ startHistoryId: '987654' }, since),
    async run(api, input, options) {
      const all = api.pages(listHistory, input, options);
      const { items, last } = await readAll(all, (page) => page.history).catch(tooOld);
      return { items, historyId: last?.historyId ?? input.startHistoryId };
    },
  }),
};

export const aliases = {
  list: endpoint('GET /users/me/settings/sendAs', {
    summary: 'Lists the addresses that mails may come from.',
    ...facts('.settings.sendAs/list', 1, needs.seeSettings),
    input: given({}),
    output: like({
      sendAs: [
        like(
          { sendAsEmail: 'user@example.com' },
          { displayName: 'Jane Doe', isDefault: true, isPrimary: true, verificationStatus: 'accepted' },
        ),
      ],
    }),
  }),
};

/** What `board.channels` opens and closes the watch with. */
export const watch = {
  start: endpoint('POST /users/me/watch', {
    summary: 'Has changes of the mailbox published to a Pub/Sub topic for a week; board.channels also renews it.',
    ...facts('/watch', 100, needs.see),
    input: given(
      { topicName: 'projects/demo-project/topics/mail' },
      { labelIds: ['INBOX'], labelFilterBehavior: z.enum(['include', 'exclude']) },
    ),
    output: like({ expiration: '1796119200000' }, { historyId: '987654' }),
    repeat: 'safe',
  }),
  stop: endpoint('POST /users/me/stop', {
    summary: 'Ends the watch of the mailbox.',
    ...facts('/stop', 50, needs.see),
    input: given({}),
    output: nothing,
    repeat: 'safe',
    example: { status: 204 },
  }),
};
