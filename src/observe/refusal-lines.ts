import type { ErrorCode } from '../error-codes.ts';
import type { Refusal } from '../errors.ts';

const areas: Readonly<Record<string, readonly ErrorCode[]>> = {
  'CRIU and the kernel': [
    'CRIU_MISSING',
    'CRIU_TOO_OLD',
    'CRIU_MISMATCH',
    'CPU_INCOMPATIBLE',
    'CPU_CHECK',
    'KERNEL_FEATURE',
    'CAPABILITY_MISSING',
    'TOOL_MISSING',
  ],
  'what its processes have open': [
    'IO_URING',
    'FILE_UNSUPPORTED',
    'FILE_OUTSIDE',
    'FILE_DELETED',
    'DEVICE_OPEN',
    'SOCKET_UNSUPPORTED',
    'PEER_OUTSIDE',
    'MEMORY_UNSUPPORTED',
  ],
  'how the container is built': [
    'CONTAINER_UNSUPPORTED',
    'NESTED_CONTAINER',
    'USER_NAMESPACE',
    'IPC_SHARED',
    'SESSION_OUTSIDE',
    'PROCESS_TRACED',
  ],
  'names and files': ['NAME_TAKEN', 'PID_TAKEN', 'PATH_TAKEN', 'PATH_MISSING', 'FILE_DIFFERS'],
  'its network': ['HOST_NETWORK', 'NETWORK_UNSUPPORTED', 'NETWORK_TAKEN', 'PORT_TAKEN'],
  room: ['NO_SPACE', 'NO_DISK_SPACE'],
};
const rest = 'drivers and settings';

/** Several refusals for people: those of the source first, and of each host what belongs together. */
export function refusalLines(refusals: readonly Refusal[]): string[] {
  return (['source', 'target'] as const).flatMap((host) =>
    [...Object.keys(areas), rest].flatMap((area) => {
      const found = refusals.filter((each) => each.host === host && areaOf(each.code) === area);
      if (found.length === 0) return [];
      const lines = found.flatMap(({ code, message, hint }) => [`  ${code}: ${message}`, `    ${hint}`]);
      return [`On the ${host}, ${area}:`, ...lines];
    }),
  );
}

function areaOf(code: ErrorCode): string {
  return Object.entries(areas).find(([, codes]) => codes.includes(code))?.[0] ?? rest;
}
