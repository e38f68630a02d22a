import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Form } from './form.js';

/** A question or a form over the page; Escape closes it. */
export function Dialog({
  title,
  children,
  onClose,
  isWide = false,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  onClose(): void;
  readonly isWide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
  }, []);
  return (
    <dialog ref={dialog} class={isWide ? 'wide-dialog' : ''} aria-label={title} onClose={onClose}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Asks before something that can't be taken back. */
export function Confirm({
  title,
  action,
  children,
  onConfirm,
  onClose,
}: {
  readonly title: string;
  /** The word on the button that does it. */
  readonly action: string;
  readonly children: ComponentChildren;
  onConfirm(): Promise<void>;
  onClose(): void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <Form action={action} isDangerous onSubmit={async () => (await onConfirm(), onClose())}>
        {() => null}
      </Form>
    </Dialog>
  );
}
