import { useEffect, useState } from 'preact/hooks';
import { setQuery } from '../app/router.js';
import { Dialog } from './dialog.js';
import { Field, Form } from './form.js';

export interface FilterField {
  /** As the API has it. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly choices?: readonly string[];
}

export interface FilterBarProps {
  readonly query: Readonly<Record<string, string>>;
  readonly fields: readonly FilterField[];
  /** The field that is typed into directly. */
  readonly search?: FilterField | undefined;
  /** Filters that are one click away. */
  readonly presets?: readonly { readonly name: string; readonly query: Readonly<Record<string, string>> }[];
}

const TYPING_MS = 300;

/** What a list is filtered by, all of it in the address. */
export function FilterBar({ query, fields, search, presets = [] }: FilterBarProps) {
  const [isOpen, setOpen] = useState(false);
  const filters = withoutPosition(query);
  const set = (changes: Readonly<Record<string, string>>): void => setQuery({ ...filters, ...changes });
  const given = fields.filter(({ name }) => name !== search?.name && filters[name] !== undefined);
  return (
    <div class="filter-bar" role="search">
      {search && <SearchBox key={search.name} field={search} query={filters} />}
      {presets.map((preset) => {
        const isOn = Object.entries(preset.query).every(([name, value]) => filters[name] === value);
        return (
          <button
            type="button"
            key={preset.name}
            aria-pressed={isOn}
            onClick={() =>
              set(isOn ? Object.fromEntries(Object.keys(preset.query).map((name) => [name, ''])) : preset.query)
            }
          >
            {preset.name}
          </button>
        );
      })}
      {fields.length > 0 && (
        <button type="button" onClick={() => setOpen(true)}>
          Filters …
        </button>
      )}
      {given.map(({ name, label }) => (
        <span class="chip" key={name}>
          <span dir="auto">
            {label}: {filters[name]}
          </span>
          <button
            type="button"
            class="plain small"
            aria-label={`Remove the filter ${label}`}
            onClick={() => set({ [name]: '' })}
          >
            ×
          </button>
        </span>
      ))}
      {isOpen && <FilterDialog query={filters} fields={fields} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Filters without the place in the list that they were looked at. */
export function withoutPosition(query: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { after: _after, ...filters } = query;
  return filters;
}

function SearchBox({
  field,
  query,
}: {
  readonly field: FilterField;
  readonly query: Readonly<Record<string, string>>;
}) {
  const given = query[field.name] ?? '';
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text.trim() === given.trim()) return;
    const timer = setTimeout(() => setQuery({ ...query, [field.name]: text.trim() }, { replace: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      type="search"
      aria-label={field.label}
      placeholder={`${field.label}   ( / )`}
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
    />
  );
}

function FilterDialog({
  query,
  fields,
  onClose,
}: {
  readonly query: Readonly<Record<string, string>>;
  readonly fields: readonly FilterField[];
  onClose(): void;
}) {
  const [values, setValues] = useState(query);
  const apply = async (): Promise<void> => {
    setQuery(values);
    onClose();
  };
  return (
    <Dialog title="Filters" onClose={onClose} isWide>
      <Form action="Show" onSubmit={apply}>
        {() => (
          <div class="fields">
            {fields.map(({ name, label, hint, choices }) => (
              <Field
                key={name}
                name={name}
                label={label}
                hint={hint}
                choices={choices && ['', ...choices]}
                value={values[name] ?? ''}
                onValue={(value) => setValues({ ...values, [name]: value })}
              />
            ))}
          </div>
        )}
      </Form>
    </Dialog>
  );
}
