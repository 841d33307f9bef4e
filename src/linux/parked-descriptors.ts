import { closeSync } from 'node:fs';
import { sendDescriptor } from './descriptor-message.ts';
import { growSendBuffer, socketPair, socketTypes } from './socket-pair.ts';

/**
 * Descriptors that outlive this process. They are sent to a socket at which nobody reads: as long as anybody has that open, they are, whoever has
 * died. So they can be given to a process that runs already and knows nothing of it.
 */
export interface ParkedDescriptors {
  /** The socket, to be given to whoever is to keep them open by living. */
  readonly holder: number;
  /** Our own copy of the holder is closed: from now on it is another's. */
  readonly handedOver: () => void;
  /** Parks a copy of a descriptor. There is room for thousands; what finds none is not kept. */
  readonly park: (fd: number) => void;
  readonly close: () => void;
}

const bufferBytes = 8 << 20;

export function parkedDescriptors(): ParkedDescriptors {
  const [ours, holder] = socketPair(socketTypes.seqpacket);
  growSendBuffer(ours, bufferBytes);
  return {
    holder,
    handedOver: () => closeSync(holder),
    park: (fd) => void sendDescriptor(ours, fd),
    close: () => closeSync(ours),
  };
}
