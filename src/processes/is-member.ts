import cluster from 'node:cluster';

/** Whether this process was started by a service that consists of several. */
export const isMember = (): boolean => cluster.isWorker;
