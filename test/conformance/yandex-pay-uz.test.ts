import { conform } from './conform.ts';
import { subjects } from './subjects.ts';

conform('yandex-pay-uz', subjects['yandex-pay-uz']);
