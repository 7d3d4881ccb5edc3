export { createHandler, type Handler, type HandlerOptions } from './create-handler.ts';
export type { Authorize, Caller, Permission } from './caller.ts';
export type { ConnectionView, MethodView, OnboardingStep, Problem, ProviderView, StreamView } from './schemas.ts';
export type { FlowStatus } from './flow-end.ts';
export { openApiOf } from './openapi.ts';
