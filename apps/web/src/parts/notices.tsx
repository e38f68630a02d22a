import type { ComponentChildren } from 'preact';
import { messageOf } from '../api/call.js';
import { Store, useStore } from '../app/store.js';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
  /** What takes it back, where that is possible. */
  readonly undo?: { readonly label: string; act(): void } | undefined;
}

const notices = new Store<readonly Notice[]>([]);
const SHOWN_MS = 8_000;
const ERROR_SHOWN_MS = 20_000;
let last = 0;

function add(notice: Omit<Notice, 'id'>): void {
  const id = ++last;
  notices.set([...notices.value.slice(-3), { ...notice, id }]);
  setTimeout(() => dismiss(id), notice.isError ? ERROR_SHOWN_MS : SHOWN_MS);
}

function dismiss(id: number): void {
  notices.set(notices.value.filter((notice) => notice.id !== id));
}

/** Says what an action has done. */
export function say(text: string, undo?: Notice['undo']): void {
  add({ text, isError: false, undo });
}

/** Says why an action did nothing. */
export function complain(error: unknown): void {
  add({ text: messageOf(error), isError: true });
}

/** Does `act` and says how it went. */
export async function attempt(act: () => Promise<string | void>): Promise<boolean> {
  try {
    const text = await act();
    if (typeof text === 'string') say(text);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {useStore(notices).map(({ id, text, isError, undo }) => (
        <div key={id} class={isError ? 'notice notice-error' : 'notice'}>
          <span>{text}</span>
          {undo && (
            <button type="button" class="link" onClick={() => (undo.act(), dismiss(id))}>
              {undo.label}
            </button>
          )}
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

/** Something that went wrong with a part of the page, in its place. */
export function Failure({ error, children }: { readonly error: unknown; readonly children?: ComponentChildren }) {
  return (
    <div class="failure" role="alert">
      <p>{messageOf(error)}</p>
      {children}
    </div>
  );
}
