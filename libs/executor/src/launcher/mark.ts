/** The variable in a task's environment by which its processes are found; its value is unique to an attempt. */
export const MARK_NAME = 'MITO_EXEC_DIR';

/** The same for a guest, which has the mark of its attempt, too. */
export const GUEST_MARK_NAME = 'MITO_GUEST';
