export { bootstrapDeployment } from './bootstrap-deployment.js';
export { createCoordinator } from './create-coordinator.js';
export { examineCoordinator } from './examine-coordinator.js';
export { examineDeployment } from './examine-deployment.js';
