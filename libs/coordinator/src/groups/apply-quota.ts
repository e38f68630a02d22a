import { invalidField, type QuotaChange } from '@mitosis/domain';

/** The quota after a change; `present` was read under a lock. Throws `invalid_request` below zero or beyond `max`. */
export function applyQuota(present: number, change: QuotaChange, field: string, max = 2_147_483_647): number {
  const next = 'set' in change ? change.set : present + change.add;
  if (next < 0 || next > max) throw invalidField(field, `would be ${next}; it has to be between 0 and ${max}`);
  return next;
}
