/** `@plugboard/http/lambda`: the routes behind a function URL or API Gateway (HTTP APIs, REST APIs) of AWS. */
import type { Handler } from './create-handler.ts';
import { requestOf, type LambdaEventV1, type LambdaEventV2 } from './lambda-event.ts';

export type { LambdaEventV1, LambdaEventV2 };

export interface LambdaResult {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly cookies?: string[];
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** @example export const main = toLambdaHandler(handler); */
export function toLambdaHandler(handler: Handler): (event: LambdaEventV1 | LambdaEventV2) => Promise<LambdaResult> {
  return async (event) => {
    const second = 'rawPath' in event;
    const response = await handler(requestOf(event));
    const text = /^(text\/|application\/([\w.+-]+\+)?json)/.test(response.headers.get('content-type') ?? 'text/');
    const body = Buffer.from(await response.arrayBuffer()).toString(text ? 'utf8' : 'base64');
    const result = { statusCode: response.status, body, isBase64Encoded: !text };
    const cookies = response.headers.getSetCookie();
    response.headers.delete('set-cookie');
    const headers = Object.fromEntries(response.headers);
    if (second) return { ...result, headers, cookies };
    const lists: Record<string, string[]> = { 'set-cookie': cookies };
    for (const [name, value] of Object.entries(headers)) lists[name] = [value];
    return { ...result, multiValueHeaders: lists };
  };
}
