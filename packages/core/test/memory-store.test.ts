// By path: @plugboard/testing depends on this package, so this package does not depend on it.
import { storeContract } from '../../testing/src/store-contract.ts';
import { createMemoryStore } from '../src/memory-store.ts';

storeContract({ name: 'memory', create: async (clock) => ({ store: createMemoryStore({ clock }) }) });
