import { proxySettings } from '@mitosis/domain';

interface Reached {
  readonly coordinator_addr: string;
  readonly ca?: string | undefined;
  readonly pin?: string | undefined;
}

/**
 * Lets this process reach the coordinator as the settings say: its
 * certificates or its key, and the proxies of the environment.
 */
export async function useNetwork(
  { coordinator_addr: address, ca, pin }: Reached,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const proxies = proxySettings(env);
  const hasProxy = proxies.http !== undefined || proxies.https !== undefined;
  if (ca === undefined && pin === undefined && !hasProxy) return;
  const { trustCa, usePin, useProxies } = await import('@mitosis/client');
  useProxies(proxies);
  if (ca !== undefined) await trustCa(ca);
  if (pin !== undefined) usePin(address, pin);
}
