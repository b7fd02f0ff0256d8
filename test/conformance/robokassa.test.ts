import { conform } from './conform.ts';
import { subjects } from './subjects.ts';

conform('robokassa', subjects.robokassa);
