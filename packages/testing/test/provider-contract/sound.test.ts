import { providerContract } from '../../src/provider-contract.ts';
import { sound, soundOptions } from './sound.ts';

providerContract(sound, soundOptions);
