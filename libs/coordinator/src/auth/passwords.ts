import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';

/** `Algorithm.Argon2id`; a const enum of another package has no value to import here. */
const ARGON2ID: Algorithm.Argon2id = 2;

/** OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes passwords, never more at once than there are cores. */
export class Passwords {
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  private decoy: string | undefined;

  async hash(password: string): Promise<string> {
    return this.limited(() => hash(password, ARGON2));
  }

  /** An unknown user (`passwordHash` undefined) costs the same time as a wrong password. */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    this.decoy ??= await this.hash(randomBytes(16).toString('base64url'));
    const stored = passwordHash ?? this.decoy;
    const isRight = await this.limited(() => verify(stored, password));
    return isRight && passwordHash !== undefined;
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= availableParallelism()) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }
}
