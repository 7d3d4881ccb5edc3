/** What the client offers besides files: https://developers.google.com/workspace/drive/api/reference/rest/v3 (2026-11-20). */
import { endpoint, operation } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { channel, channelBody, readAll, stopChannel, webHook } from '@plugboard/google';

import { allDrives, anyDrive, asked, changePage, changePages, costs, facts, fileFields, fileId } from './schemas.ts';
import { needs } from './schemas.ts';

export const about = {
  get: endpoint('GET /about', {
    summary: 'Reads whose Drive it is, and how full.',
    ...facts('about/get', costs.read),
    input: given({}),
    // Without `fields` the vendor refuses.
    encode: () => ({ query: { fields: 'user,storageQuota' } }),
    output: like(
      { user: like({ permissionId: '07351284621893', emailAddress: 'user@example.com' }, { displayName: 'Jane Doe' }) },
      { storageQuota: like({}, { limit: '16106127360', usage: '1048576', usageInDrive: '524288' }) },
    ),
  }),
};

const roles = z.enum(['reader', 'commenter', 'writer', 'fileOrganizer', 'organizer', 'owner']);
const isPerson = (type: string) => type === 'user' || type === 'group';

export const permissions = {
  create: endpoint('POST /files/{fileId}/permissions', {
    summary: 'Shares a file, or gives it away (`owner`); no mail is sent unless asked for, except to a new owner.',
    ...facts('permissions/create', costs.write, needs.share),
    input: given(
      { fileId, role: roles, type: z.enum(['user', 'group', 'domain', 'anyone']) },
      {
        emailAddress: 'ada@example.com',
        domain: z.string().min(1),
        expirationTime: z.iso.datetime({ offset: true }),
        sendNotificationEmail: z.boolean(),
        emailMessage: z.string().min(1),
      },
    )
      .refine(
        ({ type, emailAddress, domain }) =>
          isPerson(type) === (emailAddress !== undefined) && (type === 'domain') === (domain !== undefined),
        { error: 'user and group take an emailAddress, domain takes a domain, anyone takes neither' },
      )
      .refine(
        ({ type, expirationTime, sendNotificationEmail, emailMessage }) =>
          isPerson(type) || (expirationTime ?? sendNotificationEmail ?? emailMessage) === undefined,
        { error: 'ends, and is told by mail, for a user or a group only', path: ['type'] },
      )
      .refine(
        ({ role, type, sendNotificationEmail }) =>
          role !== 'owner' || (type === 'user' && sendNotificationEmail !== false),
        {
          error: 'owner is one user, who is always told by mail',
          path: ['role'],
        },
      ),
    encode: ({ fileId: id, sendNotificationEmail, emailMessage, ...json }) => {
      const mail = isPerson(json.type) && { sendNotificationEmail: sendNotificationEmail ?? json.role === 'owner' };
      // The vendor wants to hear that the owner until now becomes a writer.
      const transfer = json.role === 'owner' && { transferOwnership: true };
      return { path: { fileId: id }, query: { ...allDrives, ...mail, emailMessage, ...transfer }, json };
    },
    output: like({ id: '07351284621893', type: 'user', role: 'reader' }),
  }),
};

const listChanges = endpoint('GET /changes', {
  summary: 'Lists changes since a page token.',
  ...facts('changes/list', costs.list),
  input: given(
    { pageToken: '12345' },
    {
      pageSize: z.int().min(1).max(1000),
      includeRemoved: z.boolean(),
      spaces: z.enum(['drive', 'appDataFolder']),
      ...asked,
    },
  ),
  encode: ({ pageSize = 1000, fields: names = fileFields, ...query }) => ({
    query: {
      ...anyDrive,
      ...query,
      pageSize,
      fields: `nextPageToken,newStartPageToken,changes(changeType,fileId,removed,time,driveId,file(${names}))`,
    },
  }),
  output: changePage,
  paging: changePages,
});

export const changes = {
  list: listChanges,
  startPageToken: endpoint('GET /changes/startPageToken', {
    summary: 'Reads the page token from which changes begin now; it never expires.',
    ...facts('changes/getStartPageToken', costs.read),
    input: given({}),
    encode: () => ({ query: allDrives }),
    output: like({ startPageToken: '12345' }),
  }),
  read: operation({
    summary: 'Reads all changes since a page token, and the token for the next time.',
    docs: 'https://developers.google.com/workspace/drive/api/guides/manage-changes',
    scopes: [needs.see],
    input: given({ pageToken: '12345' }, asked),
    async run(api, input, options) {
      const { items, last } = await readAll(api.pages(listChanges, input, options), ({ changes: found }) => found);
      return { items, pageToken: last?.newStartPageToken ?? input.pageToken };
    },
  }),
};

/** What `board.channels` opens and closes notifications with. */
export const channels = {
  watchChanges: endpoint('POST /changes/watch', {
    summary: 'Opens a channel for all changes; board.channels also renews it.',
    ...facts('changes/watch', costs.write),
    input: channelBody.extend(given({ pageToken: '12345' }).shape),
    encode: ({ pageToken: token, ...json }) => ({ query: { ...anyDrive, pageToken: token }, json: webHook(json) }),
    output: channel,
  }),
  watchFile: endpoint('POST /files/{fileId}/watch', {
    summary: 'Opens a channel for one file; board.channels also renews it.',
    ...facts('files/watch', costs.write),
    input: channelBody.extend({ fileId }),
    encode: ({ fileId: id, ...json }) => ({ path: { fileId: id }, query: allDrives, json: webHook(json) }),
    output: channel,
  }),
  stop: stopChannel(facts('channels/stop', costs.write)),
};
