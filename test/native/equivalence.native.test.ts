import { loadLibrary } from '../../src/providers/prism/library.ts';
import { equivalenceTests } from '../providers/prism/equivalence-tests.ts';

equivalenceTests(() => loadLibrary());
