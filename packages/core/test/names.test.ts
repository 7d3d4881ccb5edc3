import { expect, expectTypeOf, test } from 'vitest';

import { camelNames, snakeCase, snakeNames } from '../src/names.ts';

test.each([
  ['ITEM_LOGIN_REQUIRED', 'item_login_required'],
  ['NoSuchKey', 'no_such_key'],
  ['rate-limit.exceeded', 'rate_limit_exceeded'],
  ['50001', 'code_50001'],
])('%s becomes %s', (code, name) => {
  expect(snakeCase(code)).toBe(name);
});

test('an input is spelled as the vendor does, down to its custom members and without what is not given', () => {
  const input = { phoneNumber: '+1', address1: 'x', firstName: null, city: undefined, customData: { favouriteTea: 1 } };
  const named = snakeNames(input);
  expect(named).toEqual({ phone_number: '+1', address1: 'x', first_name: null, custom_data: { favouriteTea: 1 } });
  expect('city' in named).toBe(false);
});

test('an answer is spelled as callers do, and so is its type', () => {
  const named = camelNames({ id: '1', event_properties: { top_level: 1 }, date_stop: null });
  expect(named).toEqual({ id: '1', eventProperties: { top_level: 1 }, dateStop: null });
  expectTypeOf(named).toEqualTypeOf<{ id: string; eventProperties: { top_level: number }; dateStop: null }>();
});
