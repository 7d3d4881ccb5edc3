/**
 * Unit tests do not leave the machine. A mock that was forgotten, or whose option was misspelt, would otherwise go
 * unseen wherever the network happens to be closed.
 */
import { isIP, Socket } from 'node:net';

const guarded = Symbol.for('plugboard.test.no-network');
const prototype = Socket.prototype as Socket & { [guarded]?: true };

// All files of the unit project share one process.
if (prototype[guarded] !== true) {
  prototype[guarded] = true;
  const connect = prototype.connect;
  prototype.connect = function (this: Socket, ...args: unknown[]) {
    const host = hostOf(args);
    // A socket that a network mock holds has a `connect` of its own; what it lets through comes as another socket.
    if (host === undefined || isLocal(host) || Object.hasOwn(this, 'connect'))
      return Reflect.apply(connect, this, args) as Socket;
    const error = new Error(`A unit test tried to reach ${host}; mock it, or use a local server.`);
    return this.destroy(error);
  } as typeof connect;
}

/** `connect(port, host)`, `connect(options)`, or the normalised list that `net.connect` passes on. */
function hostOf(args: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const host = typeof first === 'object' && first !== null ? (first as { host?: unknown }).host : second;
  return typeof host === 'string' ? host : undefined;
}

function isLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
