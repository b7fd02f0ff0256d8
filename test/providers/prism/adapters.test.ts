import { adapterTests } from './adapter-tests.ts';
import { fakeLibrary } from './fake-library.ts';

adapterTests(() => Promise.resolve(fakeLibrary));
