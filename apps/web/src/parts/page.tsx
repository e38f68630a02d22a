import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { CopyLine } from './copy-line.js';
import { Failure } from './notices.js';

/** The frame of every page: its title, what can be done there, and the command that says the same. */
export function Page({
  title,
  lead,
  actions,
  command,
  children,
}: {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly command?: string | undefined;
  readonly children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Mitosis`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div class="page-title">
          <h1 dir="auto">{title}</h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
      {command !== undefined && <CopyLine text={command} />}
    </>
  );
}

/** A titled part of a page. */
export function Section({
  title,
  note,
  actions,
  children,
}: {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="section" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {note !== undefined && <span class="dim">{note}</span>}
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export type Fact = readonly [name: string, value: ComponentChildren];

/** Names and values. Those without a value are left out. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Words such as tags and labels. */
export function Words({ words }: { readonly words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <span class="words">
      {words.map((word) => (
        <span key={word} class="word" dir="auto">
          {word}
        </span>
      ))}
    </span>
  );
}

/** Instead of a page about one object that is not read yet, or can't be. */
export function Absent({ title, error }: { readonly title: string; readonly error: unknown }) {
  if (error === undefined) return <Loading what={`the ${title.toLowerCase()}`} />;
  return (
    <Page title={title}>
      <Failure error={error} />
    </Page>
  );
}

/** While something is read for the first time. */
export function Loading({ what = 'this' }: { readonly what?: string }) {
  return (
    <p class="loading" role="status">
      Reading {what} …
    </p>
  );
}
