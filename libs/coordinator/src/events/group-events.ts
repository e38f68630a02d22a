/** Something has happened to a group as a whole. */
export interface GroupEvent {
  /** Its id. */
  readonly group: string;
  readonly change: 'suspended' | 'resumed';
}

/** Of the bus. */
export const GROUPS_CHANNEL = 'groups';
