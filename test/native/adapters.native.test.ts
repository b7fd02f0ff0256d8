import { loadLibrary } from '../../src/providers/prism/library.ts';
import { adapterTests } from '../providers/prism/adapter-tests.ts';

adapterTests(() => loadLibrary());
