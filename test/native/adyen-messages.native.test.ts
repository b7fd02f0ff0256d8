import { loadLibrary } from '../../src/providers/prism/library.ts';
import { adyenMessageTests } from '../providers/prism/adyen-message-tests.ts';

adyenMessageTests('adyen_messages_native', () => loadLibrary());
