/**
 * Takes the place of the wire of Node, by the conditions of `imports`, where an app is bundled for a runtime without the
 * modules that it needs. Never called there: `fetch` is the wire of every other runtime.
 */
import { configurationError } from '../errors.ts';
import type { Wire } from './transport.ts';

/** @throws PlugboardError code `bundled_without_node`: sending without the guard on sockets must be asked for. */
export function createUndiciWire(): Wire {
  throw configurationError(
    'bundled_without_node',
    'This app runs on Node and was bundled for another runtime: the transport of Node is not in it.',
    'Bundle it for Node (export condition `node`), or pass `wire: fetchWire`, which does not see what names resolve to.',
  );
}
