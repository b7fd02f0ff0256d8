import { fakeLibrary } from './fake-library.ts';
import { serviceTests } from './service-tests.ts';

serviceTests('prism', () => Promise.resolve(fakeLibrary));
