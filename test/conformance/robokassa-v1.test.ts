import { conform } from './conform.ts';
import { subjects } from './subjects.ts';

conform('robokassa-v1', subjects['robokassa-v1']);
