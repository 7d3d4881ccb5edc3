/** Models that write, and models that place texts in a space of meaning. */
import type { CallOptions } from '../endpoint.ts';
import type { Json, JsonObject } from '../json.ts';

export type ChatImage =
  | { readonly type: 'image'; readonly data: Uint8Array; readonly mediaType: string }
  | { readonly type: 'image'; readonly url: string };

export type ChatPart = { readonly type: 'text'; readonly text: string } | ChatImage;

/** The model asks for a tool. */
export interface ChatToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
}

export interface ChatReply {
  readonly role: 'assistant';
  readonly content: string;
  readonly toolCalls?: readonly ChatToolCall[];
  /** What the vendor wants back unchanged with this reply, thoughts above all. Opaque, and of use to that vendor alone. */
  readonly state?: Json;
}

export type ChatMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly ChatPart[] }
  | ChatReply
  /** What a tool answered. `name` is the tool's; every call of a reply needs its result before the next turn. */
  | { readonly role: 'tool'; readonly callId: string; readonly name: string; readonly content: string };

export interface ChatTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the input: an object. */
  readonly input: JsonObject;
}

export interface ChatRequest {
  /** Default: the connection's setting, else the deployment's. */
  readonly model?: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ChatTool[];
  /** Default `auto`. `required`: one or more of them; an object: this one. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  /**
   * The reply is JSON of this schema, and comes parsed as `output`. Portable schemas require every property and allow no
   * others.
   */
  readonly output?: { readonly name: string; readonly schema: JsonObject };
  /** Most tokens of the reply. */
  readonly maxTokens?: number;
  /** Left out by default: newer models refuse it. */
  readonly temperature?: number;
}

export interface ChatUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of the input that the vendor had kept from before. */
  readonly cachedInputTokens?: number;
  /** Part of the output that went into thinking. */
  readonly reasoningTokens?: number;
}

export interface ChatAnswer {
  /** The model that answered, by the vendor's own name. */
  readonly model: string;
  /** The reply's text; a refusal's words when `finish` is `refused`. */
  readonly text: string;
  readonly toolCalls: readonly ChatToolCall[];
  /** Parsed; only when the request named an `output` and `finish` is `stop`. */
  readonly output?: Json;
  /** `length`: cut off. `refused`: by the model or a filter. */
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'refused' | 'other';
  /** Absent when the vendor does not say. */
  readonly usage?: ChatUsage;
  /** To be put into `messages` of the next turn, as it is. */
  readonly reply: ChatReply;
}

export type ChatEvent =
  | { readonly type: 'text'; readonly text: string }
  /** The model thinks aloud: not part of the reply. */
  | { readonly type: 'reasoning'; readonly text: string }
  /** Complete: pieces of its input are put together first. */
  | { readonly type: 'tool_call'; readonly call: ChatToolCall }
  /** The last one. */
  | { readonly type: 'end'; readonly answer: ChatAnswer };

/** What the vendor cannot do (images, an image by its address) is refused with code `unsupported` before anything is sent. */
export interface ChatCapability {
  complete(request: ChatRequest, options?: CallOptions): Promise<ChatAnswer>;
  stream(request: ChatRequest, options?: CallOptions): AsyncIterable<ChatEvent>;
}

export interface EmbedRequest {
  readonly texts: readonly string[];
  /** Default: the connection's setting, else the deployment's. Vectors of two models do not mix. */
  readonly model?: string;
  /** Where the model can shorten its vectors. */
  readonly dimensions?: number;
  /** Some models place questions and what answers them differently. */
  readonly purpose?: 'document' | 'query';
}

export interface EmbedAnswer {
  readonly model: string;
  /** One for each text, in the order of the texts. */
  readonly vectors: readonly (readonly number[])[];
  readonly usage?: Pick<ChatUsage, 'inputTokens'>;
}

export type EmbedCapability = (request: EmbedRequest, options?: CallOptions) => Promise<EmbedAnswer>;
