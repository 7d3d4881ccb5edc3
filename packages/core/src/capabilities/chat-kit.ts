/** What every provider of a language model does alike: put an answer together, read what the model wrote as JSON. */
import { encodeBase64 } from '../bytes.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { parseJson, type Json, type JsonObject } from '../json.ts';
import type { ChatAnswer, ChatImage, ChatRequest, ChatToolCall, ChatUsage } from './language.ts';

export interface ChatParts {
  readonly model: string;
  readonly text: string;
  readonly toolCalls?: readonly ChatToolCall[];
  /** What the vendor says; `stop` becomes `tool_calls` where there are any. */
  readonly finish: ChatAnswer['finish'];
  readonly usage?: ChatUsage | undefined;
  /** What the vendor wants back with the reply. */
  readonly state?: Json | undefined;
}

/**
 * The answer to a request: with the reply for the next turn, and with its output read where one was asked for.
 * @throws PlugboardError kind `invalid_response`, code `unreadable_output`.
 */
export function chatAnswer(request: ChatRequest, parts: ChatParts): ChatAnswer {
  const { model, text, toolCalls = [], usage, state } = parts;
  const finish = parts.finish === 'stop' && toolCalls.length > 0 ? 'tool_calls' : parts.finish;
  const wanted = request.output !== undefined && finish === 'stop';
  return {
    model,
    text,
    toolCalls,
    finish,
    ...(wanted && { output: readWritten(text, 'unreadable_output', 'The output') }),
    ...(usage && { usage }),
    reply: {
      role: 'assistant',
      content: text,
      ...(toolCalls.length > 0 && { toolCalls }),
      ...(state !== undefined && { state }),
    },
  };
}

/**
 * The input of a tool as the model wrote it: text at most vendors, an object at some.
 * @throws PlugboardError kind `invalid_response`, code `unreadable_tool_call`.
 */
export function toolInput(written: unknown): JsonObject {
  const value =
    typeof written === 'string' ? readWritten(written || '{}', 'unreadable_tool_call', 'A tool call') : written;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw unreadable('unreadable_tool_call', 'A tool call');
}

/** An image as one address, for vendors that take it so: its own, or its bytes as a `data:` URL. */
export function imageAddress(image: ChatImage): string {
  return 'url' in image ? image.url : `data:${image.mediaType};base64,${encodeBase64(image.data)}`;
}

function readWritten(text: string, code: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw isPlugboardError(error) ? unreadable(code, what) : error;
  }
}

/** Without the text: what a model writes may be about anybody. */
function unreadable(code: string, what: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code,
    message: `${what} of the model is not the JSON that was asked for.`,
    hint: 'Ask again; a larger `maxTokens`, a simpler schema or another model helps.',
  });
}
