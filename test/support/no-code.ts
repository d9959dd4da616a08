import type { ActivityDeps } from '../../activities/deps.js';

/** For activities that run no code of the user's own. */
export const noCode: Pick<ActivityDeps, 'codeFolder' | 'environment'> = {
  codeFolder: () => Promise.reject(new Error('no code here')),
  environment: () => Promise.reject(new Error('no code here')),
};
