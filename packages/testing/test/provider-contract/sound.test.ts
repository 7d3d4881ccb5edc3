import { providerContract } from '../../src/provider-contract.ts';
import { sound, soundOptions } from './sound.ts';
import { stepping, steppingOptions } from './stepping.ts';

providerContract(sound, soundOptions);
providerContract(stepping, steppingOptions);
