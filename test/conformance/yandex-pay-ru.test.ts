import { conform } from './conform.ts';
import { subjects } from './subjects.ts';

conform('yandex-pay-ru', subjects['yandex-pay-ru']);
