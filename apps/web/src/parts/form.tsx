import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ApiError, messageOf } from '../api/call.js';

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
}

interface InputProps extends FieldProps {
  readonly name: string;
  readonly value: string;
  onValue(value: string): void;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
  readonly isRequired?: boolean;
  readonly isFirst?: boolean;
  readonly rows?: number;
  readonly placeholder?: string | undefined;
  readonly choices?: readonly (string | { readonly value: string; readonly label: string })[] | undefined;
}

/** One labelled input; with `rows` an area, with `choices` a list to choose from. */
export function Field(props: InputProps) {
  const { label, hint, error, name, value, onValue, type = 'text', isRequired = false, isFirst = false } = props;
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ');
  const common = {
    id,
    name,
    required: isRequired,
    'aria-describedby': described === '' ? undefined : described,
    'aria-invalid': error !== undefined,
    autofocus: isFirst,
  };
  const take = (event: Event): void =>
    onValue((event.currentTarget as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {props.choices ? (
        <select {...common} value={value} onChange={take}>
          {props.choices.map((choice) => {
            const { value: key, label: text } = typeof choice === 'string' ? { value: choice, label: choice } : choice;
            return (
              <option key={key} value={key}>
                {text}
              </option>
            );
          })}
        </select>
      ) : props.rows === undefined ? (
        <input
          {...common}
          type={type as 'text'}
          value={value}
          onInput={take}
          autocomplete={props.autocomplete ?? 'off'}
          placeholder={props.placeholder}
          spellcheck={false}
        />
      ) : (
        <textarea
          {...common}
          rows={props.rows}
          value={value}
          onInput={take}
          placeholder={props.placeholder}
          spellcheck={false}
        />
      )}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** A form that says what was refused, beside the field that it was when that is known, and keeps what was typed. */
export function Form({
  children,
  action,
  onSubmit,
  fields = [],
  isDangerous = false,
  isReady = true,
}: {
  readonly children: (errorOf: (field: string) => string | undefined) => ComponentChildren;
  /** The word on its button. */
  readonly action: string;
  onSubmit(): Promise<void>;
  /** Fields that show their own error. */
  readonly fields?: readonly string[];
  readonly isDangerous?: boolean;
  /** Its button waits until it is. */
  readonly isReady?: boolean;
}) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const refused = error instanceof ApiError ? error.field : undefined;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    await onSubmit().catch(setError);
    setBusy(false);
  };
  const errorOf = (field: string): string | undefined => (field === refused ? messageOf(error) : undefined);
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {children(errorOf)}
      {error !== undefined && !fields.includes(refused ?? '') && (
        <p class="field-error" role="alert">
          {messageOf(error)}
        </p>
      )}
      <button class={isDangerous ? 'primary danger' : 'primary'} disabled={isBusy || !isReady}>
        {isBusy ? 'Please wait …' : action}
      </button>
    </form>
  );
}
