import { conformance, providerContract } from '@plugboard/testing';

import { refusalsAgree } from '../../../google/test/refusals.ts';
import { scopesAgree } from '../../../google/test/scopes.ts';
import { googleDrive } from '../src/index.ts';

const unlisted = 'The description lists uploads beside the methods, not as methods.';

conformance(googleDrive.definition, {
  exceptions: {
    'uploads.begin': unlisted,
    'uploads.beginAgain': unlisted,
    'identity.me': 'Is of another API, and compared where it is declared.',
  },
  inputs: {
    'drive.list': [
      { pageSize: 1000, orderBy: 'modifiedTime desc', spaces: 'drive', corpora: 'drive', driveId: '0A', fields: 'id' },
    ],
    'drive.get': [{ fileId: 'file-1', fields: 'id,name' }],
    'drive.create': [
      {
        id: 'file-1',
        name: 'a',
        mimeType: 'text/plain',
        description: 'b',
        starred: true,
        modifiedTime: '2026-11-20T00:00:00Z',
        appProperties: { k: 'v' },
        parents: ['folder-1'],
        fields: 'id',
      },
    ],
    'drive.update': [{ fileId: 'file-1', trashed: true, addParents: 'a', removeParents: 'b', fields: 'id' }],
    'drive.copy': [{ fileId: 'file-1', name: 'b', parents: ['folder-1'] }],
    'drive.generateIds': [{ count: 1000, space: 'drive' }],
    'permissions.create': [
      {
        fileId: 'file-1',
        role: 'writer',
        type: 'user',
        emailAddress: 'a@b.example',
        expirationTime: '2027-01-01T00:00:00Z',
        sendNotificationEmail: true,
        emailMessage: 'Here it is.',
      },
      { fileId: 'file-1', role: 'reader', type: 'domain', domain: 'example.com' },
    ],
    'changes.list': [{ pageToken: '1', pageSize: 9, includeRemoved: false, spaces: 'drive', fields: 'id' }],
  },
});

scopesAgree(googleDrive.definition);
refusalsAgree(googleDrive, ({ client }) => client().about.get({}), [
  [403, 'insufficientFilePermissions', 'permission'],
  [403, 'appNotAuthorizedToFile', 'permission'],
  [403, 'storageQuotaExceeded', 'permission'],
  [403, 'cannotDownloadAbusiveFile', 'permission'],
  [403, 'fileNotDownloadable', 'invalid_request'],
  [403, 'exportSizeLimitExceeded', 'invalid_request'],
  [403, 'sharingRateLimitExceeded', 'rate_limited', true],
  [409, 'fileIdInUse', 'conflict'],
]);

providerContract(googleDrive, {
  account: { id: '110169484474386276334', name: 'user@example.com' },
  accounts: { serviceAccount: { id: 'user@example.com', name: 'user@example.com' } },
  exceptions: {
    'E05 webhooks: every changed byte of the body is refused': 'A notification has no body.',
    'F08 drive.ensure: texts of the input change the shape of no path': 'A second call reads what the first has made.',
  },
});
