/** Files at a vendor. */
import type { CallOptions } from '../endpoint.ts';

export interface FileInfo {
  /** What the other functions take: a key or path at some vendors, an id of the vendor's own at others. */
  readonly id: string;
  readonly name: string;
  readonly size?: number;
  readonly contentType?: string;
  readonly modifiedAt?: Date;
}

export interface FileUpload {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** Default `application/octet-stream`, `text/plain` for a string. */
  readonly contentType?: string;
  /** A prefix or the vendor's id of a folder. Default: the connection's setting, else the root. */
  readonly folder?: string;
}

export interface FileContent {
  readonly contentType?: string;
  readonly size?: number;
  /** Read once, while it comes. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface FilesCapability {
  /** Whether the same name in the same folder is replaced or stands beside it is the vendor's own way. */
  put(file: FileUpload, options?: CallOptions): Promise<FileInfo>;
  get(id: string, options?: CallOptions): Promise<FileContent>;
  list(query?: { readonly folder?: string }, options?: CallOptions): AsyncIterable<FileInfo>;
  delete(id: string, options?: CallOptions): Promise<void>;
  /** Where a browser gets it. Without `expiresAt` it does not expire, and the vendor may ask who it is. */
  url(
    id: string,
    options?: { readonly expiresInMs?: number },
  ): Promise<{ readonly url: string; readonly expiresAt?: Date }>;
}
