import { fakeLibrary } from './fake-library.ts';
import { trapTests } from './trap-tests.ts';

trapTests(() => Promise.resolve(fakeLibrary));
