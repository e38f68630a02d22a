import { z } from 'zod';
import { checkAddress, MitoError, parseBytes, parseDuration, plainWords } from '@mitosis/domain';

// For every schema of the process: what people read shall not be in the words of the validator.
z.config({ customError: plainWords });

/** What was wrong, without the name of a field: the caller knows that of the setting. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return error instanceof MitoError ? text.replace(/^value: /, '') : text;
}

/** The address of a coordinator, as `checkAddress` keeps it. */
export const AddressSetting = z.string().transform((text, context) => {
  try {
    return checkAddress(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.addIssue({ code: 'custom', message: message.replace(/^coordinator_addr: /, '') });
    return z.NEVER;
  }
});

/** A duration in configuration: `10s`, `1h30m`; milliseconds inside. */
export const DurationSetting = z.string().transform((text, context) => {
  try {
    return parseDuration(text, 'value');
  } catch (error) {
    context.addIssue({ code: 'custom', message: reasonOf(error) });
    return z.NEVER;
  }
});

/** A size in configuration: `512MB`, `20GiB`; bytes inside. */
export const SizeSetting = z.string().transform((text, context) => {
  try {
    return parseBytes(text, 'value');
  } catch (error) {
    context.addIssue({ code: 'custom', message: reasonOf(error) });
    return z.NEVER;
  }
});

/** A yes or no that may come from the environment. */
export const FlagSetting = z.union([z.boolean(), z.stringbool()]);

/** A list that may come from the environment, separated by commas. */
export const ListSetting = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  ),
]);

/** Variables: a table of the configuration file, or `NAME=VALUE` separated by commas in the environment. */
export const VariablesSetting = z.union([z.record(z.string(), z.string()), z.string()]).transform((given, context) => {
  if (typeof given !== 'string') return given;
  const pairs = given.split(',').filter((pair) => pair.trim() !== '');
  const wrong = pairs.find((pair) => pair.indexOf('=') < 1);
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: `"${wrong}" is not of the form NAME=VALUE` });
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)]),
  );
});

export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

export const PORT_MAX = 65_535;

/** `host:port`; port 0 picks a free one. */
export const BindAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$/, 'write host:port, for example 127.0.0.1:5000')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= PORT_MAX, `a port is 0 to ${PORT_MAX}`)
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  });

/** A size in bytes, whole. */
export const BytesSetting = z.coerce.number().int().min(1);
