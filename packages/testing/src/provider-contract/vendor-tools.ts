/** For schemes that ask their vendor: the emulator, behind the transport that a board would use. */
import { handlerWire, silentLog, systemClock, type JsonObject, type VerifyTools } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createKeyCache, createTransport, discoverEndpoints, hostsFor, sendOAuth } from '@plugboard/core/provider-kit';

import type { Subject } from './case.ts';
import { oauthMethods } from './declared.ts';
import { appValuesFor } from './under-test.ts';

/** Tools of a receiver that has just started: nothing is cached, and the emulator is made when it is first asked. */
export function vendorTools({ factory, options }: Subject): VerifyTools {
  const { definition } = factory();
  const app = appValuesFor(definition, options.app ?? {});
  let vendor: ReturnType<typeof createEmulator> | undefined;
  const emulator = () => (vendor ??= createEmulator(factory(app)));
  const wire = handlerWire((request) => emulator().fetch(request));
  const context = {
    provider: definition.id,
    hosts: definition.hosts,
    hostsFor: (source: Parameters<typeof hostsFor>[1]) => hostsFor(definition, source),
    app,
    transport: createTransport({ wire, clock: systemClock, log: silentLog }),
    clock: systemClock,
    keys: createKeyCache(),
  };
  const method = oauthMethods(definition).find(([, { discover }]) => discover !== undefined)?.[1];
  let input: JsonObject = {};
  return {
    app,
    keys: context.keys,
    request: (init) => sendOAuth(context, init, { input }),
    async discovered() {
      if (method !== undefined) input = await discoverEndpoints(context, method, {});
      return input['discovered'] as JsonObject;
    },
    credentials: async () => Promise.resolve(emulator().credentials()),
  };
}
