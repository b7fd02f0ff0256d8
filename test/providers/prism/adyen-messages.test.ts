import { adyenMessageTests } from './adyen-message-tests.ts';
import { fakeLibrary } from './fake-library.ts';

adyenMessageTests('adyen_messages', () => Promise.resolve(fakeLibrary));
