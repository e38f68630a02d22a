import { Option } from 'clipanion';
import { NEED_OPTIONS, type NeedOption, type TypedNeed } from '@mitosis/domain';

const DESCRIPTIONS: Readonly<Record<NeedOption, string>> = {
  '--cpus': 'cores; a task that asks for none counts as one, 0 is for a task that only waits',
  '--mem': 'memory with a unit, e.g. 16GiB; a task that takes more ends as out_of_memory',
  '--gpus': 'GPUs, e.g. 1, 2:a100, or 0.5 for a part of one',
  '--gpu-mem': 'free memory of each GPU, e.g. 20GiB',
  '--disk': 'free space in the folder of the worker, e.g. 50GiB',
  '--need': 'NAME=COUNT of what workers offer by name, e.g. license=1 (repeatable)',
  '--whole-machine': 'nothing else may run on the machine meanwhile',
  '--or': 'begins an alternative: --gpus 1 --or --cpus 32',
};

const HAS_NO_VALUE: ReadonlySet<NeedOption> = new Set(['--whole-machine', '--or']);

/** The options about needs in the order in which they were typed: `--or` stands between alternatives. */
export function needOptions(): readonly TypedNeed[] {
  return Option.makeCommandOption<readonly TypedNeed[]>({
    definition(builder) {
      for (const name of NEED_OPTIONS) {
        builder.addOption({ names: [name], arity: HAS_NO_VALUE.has(name) ? 0 : 1, description: DESCRIPTIONS[name] });
      }
    },
    transformer(_builder, _key, { options }) {
      const isNeed = (name: string): name is NeedOption => (NEED_OPTIONS as readonly string[]).includes(name);
      return options.flatMap(({ name, value }) =>
        isNeed(name) ? [{ option: name, value: typeof value === 'string' ? value : (true as const) }] : [],
      );
    },
  });
}
