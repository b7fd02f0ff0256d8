import { conform } from '../conformance/conform.ts';
import { nativeSubjects } from '../conformance/subjects.ts';

conform('prism-checkout', nativeSubjects['prism-checkout'], 'test/native');
