import { providerContract } from '../../src/provider-contract.ts';
import { selfHosted } from './self-hosted.ts';
import { soundOptions } from './sound.ts';

providerContract(selfHosted, soundOptions);
