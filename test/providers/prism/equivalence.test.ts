import { equivalenceTests } from './equivalence-tests.ts';
import { fakeLibrary } from './fake-library.ts';

equivalenceTests(() => Promise.resolve(fakeLibrary));
