const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2733; --dim: #5d6b7a; --ground: #f3f5f7; --card: #fff; --line: #d5dbe1;
    --accent: #1f6f5c; --error: #a3282c }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6ebf0; --dim: #9aa8b6; --ground: #12171d; --card: #1a212a; --line: #33404e; --accent: #4fb99c;
      --error: #f08a8d }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground);
    color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
  main { width: min(24rem, calc(100vw - 2rem)); padding: 2rem; background: var(--card);
    border: 1px solid var(--line); border-radius: .75rem }
  h1 { margin: 0; font-size: 1.4rem } p { margin: .25rem 0 1.25rem; color: var(--dim) }
  label { display: block; margin-top: 1rem; font-weight: 600 }
  input { width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent;
    border: 1px solid var(--line); border-radius: .4rem }
  button { width: 100%; margin-top: 1.5rem; padding: .65rem; font: inherit; font-weight: 600; color: var(--card);
    background: var(--accent); border: 0; border-radius: .4rem; cursor: pointer }
  input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  .error { margin: 1rem 0 0; color: var(--error); font-weight: 600 } a { color: var(--accent) }`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title} · Mitosis</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><link rel="icon" href="data:,">
<style>${STYLE}</style></head><body><main><h1>Mitosis</h1>${body}</main></body></html>`;
}

/** The form in which a person logs in; `error` says why the last try failed. */
export function loginPage(error?: string): string {
  return page(
    'Sign in',
    `<p>Sign in to see the queues.</p><form method="post" action="/board/login">
<label for="username">User</label><input id="username" name="username" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
${error === undefined ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`}<button>Sign in</button></form>`,
  );
}

/** Asks whether to end the login. */
export function logoutPage(username: string, csrf: string): string {
  return page(
    'Sign out',
    `<p>Signed in as <strong>${escapeHtml(username)}</strong>.</p><form method="post" action="/board/logout">
<input type="hidden" name="csrf" value="${csrf}"><button>Sign out</button></form>
<p><a href="/board">Back to the queues</a></p>`,
  );
}
