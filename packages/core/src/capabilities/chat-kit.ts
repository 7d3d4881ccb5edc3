/** What every provider of a language model does alike: put an answer together, read what the model wrote as JSON. */
import { encodeBase64 } from '../bytes.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { at, member, parseJson, text as textOf, type Json, type JsonObject } from '../json.ts';
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

/** What the stand-in of a model has read out of a request of its vendor. */
export interface StandInQuestion {
  /** The last thing that was said to it. */
  readonly heard: string;
  /** JSON Schema of the output, where one is asked for. */
  readonly output?: Json | undefined;
  readonly tools?: readonly { readonly name: string; readonly input: Json | undefined }[];
  /** A tool is called where the request leaves no choice: `required`, or by its name. */
  readonly toolChoice?: 'required' | { readonly name: string } | undefined;
}

export interface StandInAnswer {
  readonly text: string;
  /** The text as it streams: word by word. */
  readonly pieces: readonly string[];
  readonly call?: { readonly name: string; readonly input: JsonObject };
}

/** What stand-ins of models answer: they repeat what they heard, keep to schemas, and call the tool they have to. */
export function standInAnswer({ heard, output, tools = [], toolChoice }: StandInQuestion): StandInAnswer {
  const wanted = typeof toolChoice === 'object' ? tools.find(({ name }) => name === toolChoice.name) : tools[0];
  if (toolChoice !== undefined && wanted !== undefined) {
    return { text: '', pieces: [], call: { name: wanted.name, input: sampleOf(wanted.input ?? {}) as JsonObject } };
  }
  const text = output === undefined ? `You said: ${heard}` : JSON.stringify(sampleOf(output));
  return { text, pieces: text.match(/\S+\s*|\s+/g) ?? [] };
}

/** A value that the plain schema of an output or a tool accepts. */
function sampleOf(schema: Json): Json {
  const choices = member(schema, 'enum');
  if (Array.isArray(choices)) return choices[0] as Json;
  switch (textOf(member(schema, 'type')) ?? textOf(at(schema, 'type', 0)) ?? 'object') {
    case 'object': {
      const properties = Object.entries((member(schema, 'properties') ?? {}) as JsonObject);
      return Object.fromEntries(properties.map(([name, property]) => [name, sampleOf(property)]));
    }
    case 'array':
      return [sampleOf(member(schema, 'items') ?? {})];
    case 'string':
      return 'text';
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return 1;
    default:
      return null;
  }
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
