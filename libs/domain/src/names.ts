/** Group and user names: 1 to 255 letters, digits, `-`, `_`; the first is a letter, digit or `_`. */
export const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/;

/** Tags: 1 to 64 letters, digits, `-`, `_`, `.`; the first is a letter or a digit. */
export const TAG_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** At most this many tags on a task or a worker. */
export const TAGS_MAX = 16;
