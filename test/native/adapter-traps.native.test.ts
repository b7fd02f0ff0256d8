import { loadLibrary } from '../../src/providers/prism/library.ts';
import { trapTests } from '../providers/prism/trap-tests.ts';

trapTests(() => loadLibrary());
