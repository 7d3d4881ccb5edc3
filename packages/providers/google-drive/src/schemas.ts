/** Scopes, settings and shapes: https://developers.google.com/workspace/drive/api/reference/rest/v3 (2026-11-20). */
import type { Api, RateLimit } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { googleScope, pages } from '@plugboard/google';

export const scopes = {
  /** Files that the app made, or that the user picked with the Google Picker. */
  file: googleScope('drive.file'),
  all: googleScope('drive'),
  read: googleScope('drive.readonly'),
  metadata: googleScope('drive.metadata'),
  metadataRead: googleScope('drive.metadata.readonly'),
  appData: googleScope('drive.appdata'),
} as const;

const { all, read, metadata, metadataRead, appData } = scopes;
/** Any one of them is enough, by the vendor's description of revision 20260916; the first allows the least. */
export const needs = {
  see: [scopes.file, appData, metadataRead, metadata, read, all],
  /** What is the app's own, or what it was handed. */
  change: [scopes.file, appData, all],
  describe: [scopes.file, appData, metadata, all],
  share: [scopes.file, all],
  export: [scopes.file, read, all],
} as const;

export const folderType = 'application/vnd.google-apps.folder';
const folder = z
  .string()
  .regex(/^[\w-]+$/)
  .meta({ title: 'Folder', description: 'Where new files go when a call names no folder.' });
export const settings = z.strictObject({ folderId: folder.optional() });
export const folderOf = (api: Api, given?: string) => given ?? api.settings(settings).folderId;

/** `DELETE /files/trash` empties the trash: what is no id must never become one. */
export const anyId = z
  .string()
  .regex(/^(?!(?:trash|generateIds|generateCseToken)$)[\w-]+$/, { error: 'is not the id of a file' });
export const fileId = anyId.meta({ examples: ['1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g'] });

/** Without them, files on shared drives are as if they did not exist. */
export const allDrives = { supportsAllDrives: true };
export const anyDrive = { ...allDrives, includeItemsFromAllDrives: true };

/** What is asked of a file: the vendor's default is four fields. */
export const fileFields = 'id,name,mimeType,size,modifiedTime,parents,webViewLink,md5Checksum,trashed,appProperties';
/** Instead of the usual ones: `id,name,owners(displayName)`. */
const fields = z.string().regex(/^[\w,()/*]+$/, { error: 'must be names of fields, with commas between' });

/**
 * Quota units since 1 May 2026.
 * @see https://developers.google.com/workspace/drive/api/guides/limits (2026-11-20)
 */
export const limits = [
  { requests: 325_000, perMs: 60_000, counts: 'units' },
  { requests: 1_000_000, perMs: 60_000, counts: 'units', per: 'app' },
] as const satisfies readonly RateLimit[];
export const costs = { read: 5, list: 100, write: 50, download: 200 } as const;

/** What the reference says of an operation: its page, its price in units, and the scopes of which any will do. */
export const facts = (page: string, cost: number, need: readonly string[] = needs.see) => ({
  docs: `https://developers.google.com/workspace/drive/api/reference/rest/v3/${page}`,
  cost,
  scopes: [need],
});
export const asked = { fields };
export const withFields = (names = fileFields) => ({ ...allDrives, fields: names });

export const file = like(
  { id: '1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g' },
  {
    name: 'report.txt',
    mimeType: 'text/plain',
    /** Digits; documents of Google's own have none. */
    size: '1024',
    modifiedTime: '2026-11-19T09:12:33.000Z',
    parents: ['0AKxT8Ng3KzVOUk9PVA'],
    webViewLink: 'https://drive.google.com/file/d/1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g/view',
    md5Checksum: '5d41402abc4b2a76b9719d911017c592',
    trashed: z.boolean(),
  },
);
export type DriveFile = z.output<typeof file>;
const nextPageToken = '~!!~AI9FV7Q0aBcDeFgHiJ';
export const filePage = like({ files: [file] }, { nextPageToken, incompleteSearch: z.boolean() });
export const filePages = pages((page: z.output<typeof filePage>) => page.files);

const change = like(
  { changeType: 'file' },
  { fileId: '1dyUEebJaFnWa3Z4n0BFMVAXQ7mfUH11g', removed: false, time: '2026-11-19T09:12:33.000Z', file },
);
/** The token for the next changes is on the last page alone. */
export const changePage = like({ changes: [change] }, { nextPageToken, newStartPageToken: z.string() });
export const changePages = pages((page: z.output<typeof changePage>) => page.changes);

export const name = 'report.txt';
/** What a file is told to be, besides its name. */
export const described = {
  mimeType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
  description: z.string(),
  starred: z.boolean(),
  modifiedTime: z.iso.datetime({ offset: true }),
  /** Seen by this app alone; a key and its value have 124 bytes together. */
  appProperties: z.record(z.string(), z.string()),
};
/** One of `generateIds`, so that a repeated call cannot make a second file. */
export const newFile = { ...described, id: anyId, parents: z.array(anyId).length(1) };

/** A text inside a search: `name = ${quote("O'Neil")}`. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export const search = given(
  {},
  {
    folderId: anyId,
    name: z.string().min(1),
    nameContains: z.string().min(1),
    /** In the name, the description or the content. */
    fullText: z.string().min(1),
    mimeType: z.string().min(1),
    modifiedAfter: z.iso.datetime({ offset: true }),
    appProperties: z.record(z.string(), z.string()),
    /** Default false: what lies in the trash is left out. */
    trashed: z.boolean(),
    /** A search in the vendor's own words, in addition; texts in it need `quote`. */
    q: z.string().min(1),
  },
);

/** Every condition holds. */
export function searchOf({ appProperties = {}, trashed = false, q, ...input }: z.output<typeof search>): string {
  const { folderId, name, nameContains, fullText, mimeType, modifiedAfter } = input;
  const conditions = [
    folderId && `${quote(folderId)} in parents`,
    name && `name = ${quote(name)}`,
    nameContains && `name contains ${quote(nameContains)}`,
    fullText && `fullText contains ${quote(fullText)}`,
    mimeType && `mimeType = ${quote(mimeType)}`,
    modifiedAfter && `modifiedTime > ${quote(modifiedAfter)}`,
    ...Object.entries(appProperties).map(
      ([key, value]) => `appProperties has { key=${quote(key)} and value=${quote(value)} }`,
    ),
    `trashed = ${trashed}`,
    q && `(${q})`,
  ];
  return conditions.filter(Boolean).join(' and ');
}
