// Hashes of many passwords, batch by batch.

import { runCommand } from '../lib/command';
import { JsonLine } from '../lib/json';
import { Params } from '../lib/params';
import { print, writeBytes } from '../lib/program';
import { Results } from '../lib/results';
import { splitMix } from '../lib/split-mix';
import { SALT_BYTES, bcrypt, decodeSalt } from './bcrypt';
import { sha256 } from './sha256';
import { sha512 } from './sha512';

const COUNT_MAX: i64 = 100000000;
const BATCH_MAX: i64 = 1000000;
const COST_MIN: i64 = 4;
const COST_MAX: i64 = 31;
const GENERATED_LENGTH = 12;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function algorithmOf(params: Params): string {
  const name = params.textOr('algorithm', '');
  if (name === 'SHA-256' || name === 'sha-256') return 'sha256';
  if (name === 'SHA-512' || name === 'sha-512') return 'sha512';
  if (name !== 'bcrypt' && name !== 'sha256' && name !== 'sha512') {
    params.refuse('algorithm', 'it has to be bcrypt, sha256 or sha512');
  }
  return name;
}

function checkSalts(params: Params, algorithm: string, salts: string[], count: i32): void {
  if (salts.length === 0) return;
  if (algorithm !== 'bcrypt') params.refuse('salts', 'only bcrypt has salts');
  if (salts.length !== count) params.refuse('salts', 'there has to be one for each of passwords');
  const target = memory.data(16, 8);
  for (let index = 0; index < salts.length; index++) {
    if (!decodeSalt(salts[index], target)) params.refuse('salts', 'a salt has 22 characters of ./A-Za-z0-9');
  }
}

/** The batch size asked for, or one that suits the algorithm and makes few enough batches. */
function batchSize(params: Params, algorithm: string, count: i64): i64 {
  const most = params.maxSubtasks();
  if (params.has('batch_size')) {
    const size = params.int('batch_size', 1, BATCH_MAX);
    const batches = (count + size - 1) / size;
    if (batches > most) {
      params.refuse('batch_size', 'it makes ' + batches.toString() + ' subtasks, max_subtasks is ' + most.toString());
    }
    return size;
  }
  const usual: i64 = algorithm === 'bcrypt' ? 16 : 10000;
  const size = max(usual, (count + most - 1) / most);
  if (size > BATCH_MAX) params.refuse('max_subtasks', 'at least ' + ((count + BATCH_MAX - 1) / BATCH_MAX).toString() + ' are needed');
  return size;
}

function split(json: string): void {
  const names = ['algorithm', 'passwords', 'salts', 'count', 'seed', 'batch_size', 'cost', 'max_subtasks'];
  const params = new Params(json, 'PARAMS_JSON', names);
  const algorithm = algorithmOf(params);
  const passwords = params.listOr('passwords', []);
  const hasList = params.has('passwords');
  if (hasList === params.has('count')) params.refuse('passwords', 'either passwords or count is needed');
  if (hasList && passwords.length === 0) params.refuse('passwords', 'the list is empty');
  if (params.has('cost') && algorithm !== 'bcrypt') params.refuse('cost', 'only bcrypt has a cost');
  const count = hasList ? <i64>passwords.length : params.int('count', 1, COUNT_MAX);
  const salts = params.listOr('salts', []);
  checkSalts(params, algorithm, salts, hasList ? <i32>count : -1);
  const cost = params.intOr('cost', 10, COST_MIN, COST_MAX);
  const size = batchSize(params, algorithm, count);
  for (let first: i64 = 0; first < count; first += size) {
    const end = min(first + size, count);
    const line = new JsonLine().text('algorithm', algorithm).int('seed', params.seed()).int('first', first);
    if (algorithm === 'bcrypt') line.int('cost', cost);
    if (!hasList) line.int('count', end - first);
    else line.list('passwords', passwords.slice(<i32>first, <i32>end));
    if (salts.length > 0) line.list('salts', salts.slice(<i32>first, <i32>end));
    print(line.toString());
  }
}

/** Password number `index` of those that `seed` makes: 12 letters and digits. */
function generated(seed: u64, index: u64): string {
  let value = splitMix(seed, index);
  let text = '';
  for (let at = 0; at < GENERATED_LENGTH; at++) {
    text += LETTERS.charAt(<i32>(value % 36));
    value /= 36;
  }
  return text;
}

/** A salt that follows from the seed, so that a repeated run gives the same hash: no use for real secrets. */
function storeSalt(target: usize, seed: i64, index: i64): void {
  const text = 'bcrypt-salt/' + seed.toString() + '/' + index.toString();
  memory.copy(target, sha256(String.UTF8.encode(text)), SALT_BYTES);
}

const DIGITS = memory.data<u8>([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);
const HEX = memory.data(128, 8);

function hex(address: usize, length: i32): string {
  for (let at = 0; at < length; at++) {
    const byte = <usize>load<u8>(address + at);
    store<u8>(HEX + at * 2, load<u8>(DIGITS + (byte >> 4)));
    store<u8>(HEX + at * 2, load<u8>(DIGITS + (byte & 15)), 1);
  }
  return String.UTF8.decodeUnsafe(HEX, length * 2);
}

class Batch {
  readonly algorithm: string;
  readonly first: i64;
  readonly passwords: string[];
  readonly count: i32;
  private readonly seed: i64;
  private readonly cost: i32;
  private readonly salts: string[];
  private readonly salt: usize = heap.alloc(SALT_BYTES);

  constructor(params: Params) {
    this.algorithm = algorithmOf(params);
    this.seed = params.seed();
    this.cost = <i32>params.intOr('cost', 10, COST_MIN, COST_MAX);
    this.first = params.int('first', 0, COUNT_MAX);
    this.passwords = params.listOr('passwords', []);
    this.salts = params.listOr('salts', []);
    this.count = params.has('count') ? <i32>params.int('count', 1, BATCH_MAX) : this.passwords.length;
    checkSalts(params, this.algorithm, this.salts, this.count);
  }

  hash(at: i32): string {
    const index = this.first + at;
    const password = this.passwords.length > 0 ? this.passwords[at] : generated(this.seed, index);
    const bytes = String.UTF8.encode(password);
    if (this.algorithm === 'sha256') return hex(sha256(bytes), 32);
    if (this.algorithm === 'sha512') return hex(sha512(bytes), 64);
    if (this.salts.length > 0) decodeSalt(this.salts[at], this.salt);
    else storeSalt(this.salt, this.seed, index);
    return bcrypt(bytes, this.salt, this.cost);
  }
}

function map(json: string): void {
  const names = ['algorithm', 'seed', 'first', 'cost', 'count', 'passwords', 'salts'];
  const batch = new Batch(new Params(json, 'stdin', names));
  for (let at = 0; at < batch.count; at++) {
    print(new JsonLine().int('index', batch.first + at).text('hash', batch.hash(at)).toString());
  }
}

/** The results of the batches one after the other: they are lines already. */
function reduce(): void {
  const results = new Results();
  const chunk = 65536;
  const buffer = heap.alloc(chunk);
  for (let length = results.next(); length >= 0; length = results.next()) {
    while (length > 0) {
      const part = min(length, chunk);
      results.read(buffer, part);
      writeBytes(buffer, part);
      length -= part;
    }
  }
}

runCommand(split, map, reduce);
