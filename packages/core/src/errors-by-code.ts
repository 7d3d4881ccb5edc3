/** Reads a vendor's failures by the code in the body, for the many vendors whose status says less than their code. */
import type { ErrorKind } from './errors.ts';
import { at, text } from './json.ts';
import { snakeCase } from './names.ts';
import type { ErrorExample, ErrorRules } from './provider.ts';
import { classifyByStatus } from './transport/classify.ts';
import type { Answer, Classify, Failure } from './transport/transport.ts';

/** What a code of the vendor means; the kind alone where there is nothing to add. */
export type Meaning = ErrorKind | (Omit<Failure, 'code' | 'vendor'> & { readonly code?: string });

/** Members to go through in the body, or a function. */
type Place<Found = string> = readonly (string | number)[] | ((answer: Answer) => Found | undefined);

export interface VendorErrorOptions<Examples extends ErrorRules['examples']> {
  /** Where the vendor's code is. Of several the first that the table has decides, and the first of all is the name. */
  readonly code: Place<string | readonly string[]>;
  readonly message?: Place;
  /** Codes as the vendor spells them. */
  readonly codes: Readonly<Record<string, Meaning>>;
  /** What a code means that is not in the table. Default: the status judges. */
  readonly otherwise?: Meaning;
  /** What a table cannot say; asked first, undefined goes on. */
  readonly classify?: Classify;
  /** Response header in which the vendor says whether another try makes sense: `true` or `false`. */
  readonly retryHeader?: string;
  /** How long a rate limit holds, where the vendor tells it elsewhere than in `Retry-After`. */
  readonly waitMs?: (answer: Answer) => number | undefined;
  /** Judge successes by the table too: vendors that answer 200 with an error inside. Default false. */
  readonly insideSuccess?: boolean;
  readonly examples: Examples;
}

/**
 * Error rules from a table of the vendor's codes.
 * @example errors: vendorErrors({ code: ['error', 'code'], codes: { bad_key: 'auth' }, examples: { invalidCredentials } })
 */
export function vendorErrors<
  const Examples extends Readonly<Record<string, ErrorExample>> & { readonly invalidCredentials: ErrorExample },
>(options: VendorErrorOptions<Examples>): ErrorRules & { readonly classify: Classify; readonly examples: Examples } {
  const { code: codeAt, message: messageAt, codes, otherwise, insideSuccess = false, examples } = options;
  const judge: Classify = (answer) => {
    const judged = options.classify?.(answer);
    if (judged !== undefined) return judged;
    if (!insideSuccess && answer.status < 400) return undefined;
    const found = [readAt(answer, codeAt) ?? []].flat();
    const [vendorCode] = found;
    if (vendorCode === undefined) return undefined;
    const decisive = found.find((code) => Object.hasOwn(codes, code));
    const meaning = decisive === undefined ? otherwise : codes[decisive];
    const message = messageAt && readAt(answer, messageAt);
    const vendor = { code: vendorCode, ...(message !== undefined && { message }) };
    if (meaning === undefined) {
      const judged = classifyByStatus(answer);
      return judged && { ...judged, vendor: { ...judged.vendor, ...vendor } };
    }
    const known = typeof meaning === 'string' ? { kind: meaning } : meaning;
    return { code: snakeCase(vendorCode), ...known, vendor };
  };
  const { retryHeader, waitMs } = options;
  const classify: Classify = (answer) => {
    const again = retryHeader === undefined ? null : answer.headers.get(retryHeader);
    const wait = waitMs?.(answer);
    const judged = judge(answer) ?? (again === null && wait === undefined ? undefined : classifyByStatus(answer));
    if (judged === undefined) return undefined;
    return {
      ...judged,
      ...(wait !== undefined && judged.kind === 'rate_limited' && { retryAfterMs: wait }),
      // What the table calls final is not waited for, whatever the vendor's servers say.
      ...((again === 'true' || again === 'false') && { retryable: again === 'true' && judged.retryable !== false }),
    };
  };
  return { classify, examples };
}

function readAt<Found>(answer: Answer, place: Place<Found>): Found | string | undefined {
  if (typeof place === 'function') return place(answer);
  const value = at(answer.tryJson(), ...place);
  return typeof value === 'number' ? String(value) : text(value);
}
