import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash, verify, type Algorithm } from '@node-rs/argon2';
import { MitoError } from '@mitosis/domain';

/** `Algorithm.Argon2id`; a const enum of another package has no value to import here. */
const ARGON2ID: Algorithm.Argon2id = 2;

/** OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Of each core: with 30 ms for one hash, whoever is last in line waits for about a second. */
const WAITING_PER_CORE = 32;

export interface PasswordsOptions {
  /** Hashes at once. */
  readonly cores?: number;
  /** Told of each hash that is computed to compare with; a test counts them. */
  onVerify?(stored: string): void;
}

/**
 * Hashes passwords, never more at once than there are cores. The line of those who wait is bounded:
 * beyond it `passwords_busy` (503, Retry-After) is thrown at once, so that a flood of logins costs neither memory
 * nor the patience of those who come after it.
 */
export class Passwords {
  private readonly cores: number;
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  /** What a password of nobody is compared with: made once, with the same cost as all others. */
  private decoy: Promise<string> | undefined;

  constructor(private readonly options: PasswordsOptions = {}) {
    this.cores = options.cores ?? availableParallelism();
  }

  async hash(password: string): Promise<string> {
    return this.limited(() => hash(password, ARGON2));
  }

  /** An unknown user (`passwordHash` undefined) costs the same work as a wrong password. */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const stored = passwordHash ?? (await this.hashOfNobody());
    const isRight = await this.limited(() => {
      this.options.onVerify?.(stored);
      return verify(stored, password);
    });
    return isRight && passwordHash !== undefined;
  }

  /** Made before the first login is answered, not by the first one for an unknown user. */
  async prepare(): Promise<void> {
    await this.hashOfNobody();
  }

  private hashOfNobody(): Promise<string> {
    this.decoy ??= hash(randomBytes(16).toString('base64url'), ARGON2);
    return this.decoy;
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= this.cores) await this.turn();
    else this.active += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }

  private async turn(): Promise<void> {
    if (this.waiting.length >= this.cores * WAITING_PER_CORE) {
      throw new MitoError(
        'unavailable',
        'passwords_busy',
        'too many passwords are being checked at the moment; try again',
      );
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
