import { conform } from './conform.ts';
import { subjects } from './subjects.ts';

conform('prism-stripe-substituted', subjects['prism-stripe-substituted']);
