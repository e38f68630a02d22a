export { checkCoordinator as examineCoordinator } from '@mitosis/coordinator';
