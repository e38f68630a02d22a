import { MitosisClient } from '@mitosis/client';
import { quantile, Scope, startStack } from './stack.mjs';

const ROUNDS = 100;
const PASSWORD = 'correct horse battery';

async function timed(action) {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

/** How long a refusal takes, by its reason: each login with a name of its own, the reasons taken in turn. */
async function refusals({ api, url }) {
  const reasons = { unknown: [], wrong: [], locked: [] };
  const refuse = async (username, password) => {
    const { status } = await fetch(new URL('/auth/login', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    if (status !== 401) throw new Error(`the login of ${username} was answered with ${status}`);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of ['wrong', 'locked'])
      await api.access.createUser({ username: `${kind}${round}`, password: PASSWORD });
    await api.access.updateUser(`locked${round}`, { state: 'locked' });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    reasons.unknown.push(await timed(() => refuse(`unknown${round}`, PASSWORD)));
    reasons.wrong.push(await timed(() => refuse(`wrong${round}`, 'not the password')));
    reasons.locked.push(await timed(() => refuse(`locked${round}`, PASSWORD)));
  }
  return Object.fromEntries(Object.entries(reasons).map(([reason, times]) => [reason, quantile(times, 0.5)]));
}

/** From the answer to the revocation to the answer that refuses the token. */
async function revocations({ api, url }) {
  const delays = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const username = `revoked${round}`;
    await api.access.createUser({ username, password: PASSWORD });
    const { token } = await new MitosisClient({ url }).login(username, PASSWORD);
    await api.access.updateUser(username, { state: 'locked' });
    const revokedAt = performance.now();
    while ((await fetch(new URL('/auth', url), { headers: { Authorization: `Bearer ${token}` } })).status !== 401);
    delays.push(performance.now() - revokedAt);
  }
  return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) };
}

/** What an outsider could learn from the time of a refused login, and how long a revoked token is good for. */
export async function measureLogin() {
  const scope = new Scope();
  try {
    const stack = await startStack(scope, { backend: 'postgres', workers: 0, slots: 1 });
    // In this order: the refusals use up what one address may try.
    const revoked = await revocations(stack);
    return { refused: await refusals(stack), revoked };
  } finally {
    await scope.end();
  }
}
