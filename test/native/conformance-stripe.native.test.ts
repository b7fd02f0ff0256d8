import { conform } from '../conformance/conform.ts';
import { nativeSubjects } from '../conformance/subjects.ts';

conform('prism-stripe', nativeSubjects['prism-stripe'], 'test/native');
