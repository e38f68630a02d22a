export { checkSettings, configFiles, givenSettings, loadSettings, settingsIn } from './load-settings.js';
export type { SettingsSource } from './load-settings.js';
export { CoordinatorConfig } from './coordinator-config.js';
export { WorkerConfig } from './worker-config.js';
export { ClientConfig } from './client-config.js';
export { configDir, dataDir } from './folders.js';
export { PORT_MAX } from './fields.js';
