/**
 * What an API token may be used for: `read` sees, `submit` also submits and changes tasks and files,
 * `workers` sees and manages workers, `full` does everything except what concerns the account itself
 * (passwords and tokens), which needs a login.
 */
export const TOKEN_SCOPES = ['read', 'submit', 'workers', 'full'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];
