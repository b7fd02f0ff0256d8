import { createPeer, type Answers, type Peer } from './peer.ts';

/** Where a process of a service reaches its parent; answers what the parent asks. */
export function linkToParent(answers: Answers): Peer {
  const peer = createPeer(
    {
      send(message, done) {
        if (process.send === undefined || !process.connected) return done(new Error('no parent'));
        process.send(message, undefined, {}, done);
      },
      onMessage: (listen) => process.on('message', listen),
    },
    answers,
  );
  // The listener above would keep this process alive when its work is done.
  process.channel?.unref();
  return peer;
}
