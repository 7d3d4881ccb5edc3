import { createRetryBudget, type RetryBudget } from '../retry.ts';

/** A retry budget for each host, because hosts fail one by one. */
export interface Budgets {
  deposit(host: string): void;
  withdraw(host: string): boolean;
}

/** @param maxHosts the budget of the host added first is forgotten beyond it */
export function createBudgets(maxHosts = 1_000): Budgets {
  const budgets = new Map<string, RetryBudget>();
  const budgetOf = (host: string) => {
    const known = budgets.get(host);
    if (known !== undefined) return known;
    if (budgets.size >= maxHosts) budgets.delete(budgets.keys().next().value!);
    const budget = createRetryBudget();
    budgets.set(host, budget);
    return budget;
  };
  return {
    deposit: (host) => budgetOf(host).deposit(),
    withdraw: (host) => budgetOf(host).withdraw(),
  };
}
