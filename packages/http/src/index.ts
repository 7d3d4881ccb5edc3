export { createHandler, type Handler, type HandlerOptions } from './create-handler.ts';
export type { Authorize, Caller, Permission } from './caller.ts';
export type { ConnectionView, MethodView, ProviderView } from './views.ts';
export type { FlowStatus } from './flow-end.ts';
export type { Problem } from './problem.ts';
