export {
  conformance,
  conformanceOf,
  type ConformanceOptions,
  type ConformanceProblem,
  type ConformanceReport,
} from './conformance.ts';
