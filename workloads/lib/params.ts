// Parameters with names, bounds and defaults. Whatever is wrong ends the program with exit code 2
// and a message that begins with the name.

import { JsonReader, JsonValue, Kind } from './json';
import { EXIT_BAD_PARAMETER, fail } from './program';

/** The largest whole number that a JSON number holds exactly. */
const WHOLE_MAX: f64 = 9007199254740991;

export class Params {
  private readonly values: Map<string, JsonValue>;

  /** `names` are all that may occur. */
  constructor(json: string, source: string, names: string[]) {
    this.values = new JsonReader(json, source).readObject();
    const given = this.values.keys();
    for (let index = 0; index < given.length; index++) {
      if (!names.includes(given[index])) this.refuse(given[index], 'unknown; known are ' + names.join(', '));
    }
  }

  refuse(name: string, message: string): void {
    fail(EXIT_BAD_PARAMETER, name + ': ' + message);
  }

  has(name: string): bool {
    return this.values.has(name);
  }

  private get(name: string, kind: Kind, wanted: string): JsonValue {
    if (!this.values.has(name)) this.refuse(name, 'it is missing');
    const value = this.values.get(name);
    if (value.kind !== kind) this.refuse(name, 'it has to be ' + wanted);
    return value;
  }

  int(name: string, min: i64, max: i64): i64 {
    const value = this.get(name, Kind.Number, 'a whole number').number;
    if (value !== Math.floor(value) || Math.abs(value) > WHOLE_MAX) this.refuse(name, 'it has to be a whole number');
    if (value < <f64>min || value > <f64>max) {
      this.refuse(name, 'it has to be from ' + min.toString() + ' to ' + max.toString());
    }
    return <i64>value;
  }

  intOr(name: string, fallback: i64, min: i64, max: i64): i64 {
    return this.has(name) ? this.int(name, min, max) : fallback;
  }

  floatOr(name: string, fallback: f64): f64 {
    return this.has(name) ? this.get(name, Kind.Number, 'a number').number : fallback;
  }

  textOr(name: string, fallback: string): string {
    return this.has(name) ? this.get(name, Kind.Text, 'a string').text : fallback;
  }

  listOr(name: string, fallback: string[]): string[] {
    return this.has(name) ? this.get(name, Kind.List, 'a list of strings').list : fallback;
  }

  /** The most subtasks that a split may have. */
  maxSubtasks(): i64 {
    return this.intOr('max_subtasks', 10000, 1, 1000000);
  }

  /** The seed of a workload: whatever is computed follows from it. */
  seed(): i64 {
    return this.intOr('seed', 0, 0, <i64>WHOLE_MAX);
  }
}
