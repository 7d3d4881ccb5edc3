/** Google Drive: files and folders, their contents, who may see them, and word of changes. */
import { collect, defineProvider } from '@plugboard/core';
import type { Api, FileInfo, FilesCapability } from '@plugboard/core';
import { given } from '@plugboard/core/fields';
import { channelWebhooks, googleApp, googleAuth, googleErrors, googleHosts, googleUser } from '@plugboard/google';
import { identity, notified, probe, refusal } from '@plugboard/google';

import { emulator } from './emulator.ts';
import { drive, uploads } from './files.ts';
import { about, changes, channels, permissions } from './operations.ts';
import { anyId, folderOf, folderType, limits, scopes, settings, type DriveFile } from './schemas.ts';

const [dayMs, weekMs] = [86_400_000, 7 * 86_400_000];

export const googleDrive = defineProvider({
  id: 'google-drive',
  name: 'Google Drive',
  category: 'files',
  summary: 'Search, upload, download, export and share files, and hear of changes.',
  docs: {
    home: 'https://drive.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/workspace/drive/api/reference/rest/v3',
    checked: '2026-11-20',
  },
  hosts: ['www.googleapis.com', ...googleHosts],
  app: googleApp,

  auth: googleAuth({
    ask: { [scopes.file]: 'See and change the files that it made, or that you pick for it.' },
    more: {
      [scopes.all]: 'See, change and delete all files.',
      [scopes.read]: 'See and download all files.',
      [scopes.metadata]: 'See and change what is known of files, not their contents.',
      [scopes.metadataRead]: 'See what is known of files, not their contents.',
      [scopes.appData]: 'Keep data of its own that you do not see.',
    },
    // It owns no storage: files go to shared drives, or to the Drive of the user that it acts as.
    serviceAccount: { scopes: [scopes.all] },
  }),

  api: {
    baseUrl: 'https://www.googleapis.com/drive/v3',
    limits,
    errors: googleErrors(
      {
        insufficientFilePermissions: { kind: 'permission', hint: 'The account may not do this with the file.' },
        appNotAuthorizedToFile: {
          kind: 'permission',
          hint: 'With the scope drive.file the user must pick the file for the app, with the Google Picker.',
        },
        storageQuotaExceeded: {
          kind: 'permission',
          hint: 'The Drive is full. A service account has no storage: write to a shared drive, or act as a user.',
        },
        fileNotDownloadable: { kind: 'invalid_request', hint: 'A document of Google’s own has to be exported.' },
        exportSizeLimitExceeded: { kind: 'invalid_request', hint: 'An export has 10 MB at most.' },
        cannotDownloadAbusiveFile: { kind: 'permission', hint: 'Pass acknowledgeAbuse to take it all the same.' },
        sharingRateLimitExceeded: 'rate_limited',
        fileIdInUse: { kind: 'conflict', hint: 'The file is there already: read it.' },
      },
      {
        notAuthorized: refusal(403, 'appNotAuthorizedToFile', 'permission'),
        noAccess: refusal(403, 'insufficientFilePermissions', 'permission'),
        full: refusal(403, 'storageQuotaExceeded', 'permission'),
        abusive: refusal(403, 'cannotDownloadAbusiveFile', 'permission'),
        notDownloadable: refusal(403, 'fileNotDownloadable', 'invalid_request'),
        exportTooLarge: refusal(403, 'exportSizeLimitExceeded', 'invalid_request'),
        sharingThrottled: refusal(403, 'sharingRateLimitExceeded', { kind: 'rate_limited', retryable: true }),
        duplicate: refusal(409, 'fileIdInUse', 'conflict'),
      },
    ),
  },

  ...googleUser(probe(about.get, {})),

  settings: {
    schema: settings,
    choices: {
      folderId: (api) =>
        collect(api.pages(drive.list, { mimeType: folderType, pageSize: 1000 }), ({ files }) =>
          files.map(({ id, name }) => ({ value: id, label: name ?? id })),
        ),
    },
  },

  webhooks: channelWebhooks({
    docs: 'https://developers.google.com/workspace/drive/api/guides/push',
    // Without a file all changes are watched.
    params: given({}, { fileId: anyId }),
    async open(api, { fileId }, ask) {
      if (fileId !== undefined) return api.call(channels.watchFile, { ...ask(dayMs), fileId });
      const { startPageToken: pageToken } = await api.call(changes.startPageToken, {});
      return api.call(channels.watchChanges, { ...ask(weekMs), pageToken });
    },
    stop: channels.stop,
    states: ['change', 'add', 'remove', 'update', 'trash', 'untrash'],
    vectors: [
      notified('a change', 'change', ['change']),
      notified('a change as the documentation also spells it', 'changed', ['change']),
      notified('another content of a file', 'update', ['update'], { 'x-goog-changed': 'content,properties' }),
      notified('the greeting of a channel', 'sync', []),
    ],
  }),

  operations: { drive, uploads, permissions, changes, channels, about, identity },
  capabilities: { files: filesOf },
  emulator,
});

const infoOf = ({ id, name, size, mimeType, modifiedTime }: DriveFile): FileInfo => ({
  id,
  name: name ?? id,
  ...(size && { size: Number(size) }),
  ...(mimeType && { contentType: mimeType }),
  ...(modifiedTime && { modifiedAt: new Date(modifiedTime) }),
});

/** By the portable interface. A file of the same name stands beside the one that is there. */
function filesOf(api: Api): FilesCapability {
  return {
    async put({ name, data, contentType, folder }, options = {}) {
      const type = contentType ?? (typeof data === 'string' ? 'text/plain' : 'application/octet-stream');
      const input = { name, data, contentType: type, ...(folder !== undefined && { parents: [folder] }) };
      return infoOf(await drive.upload.run(api, input, options));
    },
    get: (id, options = {}) => drive.download.run(api, { fileId: id }, options),
    async *list({ folder } = {}, options = {}) {
      const folderId = folderOf(api, folder);
      const input = { pageSize: 1000, ...(folderId !== undefined && { folderId }) };
      for await (const page of api.pages(drive.list, input, options)) yield* page.files.map(infoOf);
    },
    delete: async (id, options = {}) => api.call(drive.delete, { fileId: id }, options),
    // For people with access to the file: the vendor asks who it is.
    async url(id) {
      const { webViewLink } = await api.call(drive.get, { fileId: id });
      return { url: webViewLink ?? `https://drive.google.com/file/d/${encodeURIComponent(id)}/view` };
    },
  };
}
