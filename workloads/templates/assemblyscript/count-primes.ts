// A workload to begin from: counts the primes below `limit`, a range of numbers at a time.

import { runCommand } from '../../lib/command';
import { JsonLine } from '../../lib/json';
import { Params } from '../../lib/params';
import { print } from '../../lib/program';
import { Results } from '../../lib/results';

const LIMIT_MAX: i64 = 4000000000;

/** Prints one line of JSON for each subtask. */
function split(json: string): void {
  const params = new Params(json, 'PARAMS_JSON', ['limit', 'max_subtasks']);
  const limit = params.int('limit', 1, LIMIT_MAX);
  const size = (limit - 1) / min<i64>(params.maxSubtasks(), 100) + 1;
  for (let first: i64 = 0; first < limit; first += size) {
    print(new JsonLine().int('first', first).int('count', min(size, limit - first)).toString());
  }
}

function isPrime(number: u64): bool {
  if (number < 4) return number > 1;
  if (number % 2 === 0) return false;
  for (let divisor: u64 = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor === 0) return false;
  }
  return true;
}

/** Gets one of these lines and writes its result, here a number as text. */
function map(json: string): void {
  const params = new Params(json, 'stdin', ['first', 'count']);
  const first = params.int('first', 0, LIMIT_MAX);
  const end = first + params.int('count', 1, LIMIT_MAX);
  let primes: i64 = 0;
  for (let number = first; number < end; number++) if (isPrime(number)) primes++;
  print(primes.toString());
}

/** Gets all the results in the order of their lines and writes the final result. */
function reduce(): void {
  const results = new Results();
  let total: i64 = 0;
  for (let length = results.next(); length >= 0; length = results.next()) {
    const text = new ArrayBuffer(length);
    results.read(changetype<usize>(text), length);
    total += I64.parseInt(String.UTF8.decode(text));
  }
  print(new JsonLine().int('primes', total).toString());
}

runCommand(split, map, reduce);
