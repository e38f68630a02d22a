import { invalidField, ROLES, type Role } from '@mitosis/domain';

function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

/** `alice:write bob:read,carol:admin` as roles by name; `form` says what is expected. */
export function parseRoles(values: readonly string[], form: string): Record<string, Role> {
  const pairs = values.flatMap((value) => value.split(',')).filter(Boolean);
  const entries = pairs.map((pair) => {
    const [name = '', typed = '', ...rest] = pair.split(':');
    // The original writes roles in any case.
    const role = typed.toLowerCase();
    if (name === '' || rest.length > 0 || !isRole(role)) {
      throw invalidField(
        form.toLowerCase(),
        `"${pair}" is not of the form ${form} with one of the roles ${ROLES.join(', ')}`,
      );
    }
    return [name, role] as const;
  });
  return Object.fromEntries(entries);
}
