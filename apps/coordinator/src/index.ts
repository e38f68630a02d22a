export { createCoordinator } from './create-coordinator.js';
