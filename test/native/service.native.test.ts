import { loadLibrary } from '../../src/providers/prism/library.ts';
import { serviceTests } from '../providers/prism/service-tests.ts';

serviceTests('prism_native', () => loadLibrary());
