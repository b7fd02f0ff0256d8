import { declareScenarios } from '../conformance/conform.ts';
import { Stage } from '../conformance/stage.ts';
import type { Subject } from '../conformance/subjects.ts';
import { createToyService } from './toy-service.ts';

const subject: Subject = {
  account: 'toy-demo',
  control: { provider: 'toy' },
  currency: 'EUR',
  otherCurrency: 'USD',
  whole: '1000.00',
  part: '250.00',
  tooMuch: '1000.01',
  unknownPayment: 'tp_999999',
  sibling: { account: 'toy-other', control: { provider: 'toy' } },
};

declareScenarios(subject, async () => new Stage(await createToyService('toy_conformance'), subject));
