export { googleCalendar } from './provider.ts';
