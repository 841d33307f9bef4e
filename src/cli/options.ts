import type { Options } from 'yargs';
import { formats } from '../log/lines.ts';
import { levels } from '../log/record.ts';
import { defaults } from '../migration/defaults.ts';

/** Tables of options: the one source of parsing, --help, the configuration file's keys, and docs/cli.md. */
export type OptionTable = Readonly<
  Record<
    string,
    Options & {
      /** What stands for its value where it is explained. A shell completes files and directories. */
      readonly value?: 'FILE' | 'DIRECTORY' | 'NAME' | 'BYTES' | '[ADDRESS:]PORT';
    }
  >
>;

export const configOptions = {
  config: { type: 'string', value: 'FILE', describe: 'Configuration file, instead of /etc/phaul/phaul.toml' },
} as const satisfies OptionTable;

export const reachOptions = {
  'accept-new-host-key': {
    type: 'boolean',
    default: false,
    describe: 'Trust a host key that was never seen before; a changed one is refused all the same',
  },
} as const satisfies OptionTable;

export const containerOptions = {
  type: {
    type: 'string',
    value: 'NAME',
    describe: 'Kind of container, where several kinds know the name (see phaul drivers)',
  },
  fs: {
    type: 'string',
    value: 'NAME',
    describe:
      'How all files get there (see phaul drivers); by default what suits each directory on both hosts',
  },
  'dst-id': { type: 'string', value: 'NAME', describe: 'Name on the target; the same by default' },
  'pid-root': {
    type: 'string',
    value: 'DIRECTORY',
    describe: 'Type pid: directory of files that go with the process tree',
  },
  'dst-rpid': {
    type: 'string',
    value: 'FILE',
    describe: 'Type pid: file on the target that receives the pid of the restored root task',
  },
  force: {
    type: 'boolean',
    default: false,
    describe: "Overwrite files that the target already has at the container's places",
  },
} as const satisfies OptionTable;

export const criuOptions = {
  'criu-path': {
    type: 'string',
    value: 'FILE',
    default: 'criu',
    describe: 'The criu program on this host; the target uses the one in its PATH',
  },
  'skip-cpu-check': { type: 'boolean', default: false, describe: 'Do not compare the CPUs of the two hosts' },
  'skip-criu-check': {
    type: 'boolean',
    default: false,
    describe: 'Do not compare the CRIU versions of the two hosts',
  },
  'shell-job': {
    type: 'boolean',
    alias: 'j',
    default: false,
    describe: 'Allow a tree whose session or terminal is outside of it',
  },
  tcp: {
    type: 'boolean',
    default: true,
    describe: 'Move open TCP connections; --no-tcp closes them on the target',
  },
  'pre-dump': {
    type: 'boolean',
    describe:
      'Insist on memory iterations before the freeze; --no-pre-dump goes without; by default as the kernel can',
  },
  data: {
    choices: ['auto', 'ssh', 'direct'] as const,
    default: 'auto' as const,
    describe:
      'How memory travels: direct is a TCP connection with TLS, keyed over ssh; auto: direct if the port can be reached, else through ssh',
  },
  'data-port': {
    type: 'number',
    default: 0,
    describe: 'TCP port on which the target listens for it while the migration prepares; 0: any',
  },
  compress: {
    choices: ['auto', 'none', 'zstd'] as const,
    default: 'auto' as const,
    describe: 'Compress memory on the way; auto: if it proves to be quicker',
  },
  bwlimit: {
    type: 'string',
    value: 'BYTES',
    describe: 'Most bytes of memory that go over the link in a second (K, M, G allowed), in the freeze too',
  },
  restore: {
    choices: ['auto', 'lazy', 'eager'] as const,
    default: 'auto' as const,
    describe:
      'lazy: it runs on the target at once, and its memory, which is there already, is put in place behind it; eager: first; auto: lazy if the kernel can',
  },
  'keep-images': {
    type: 'boolean',
    default: false,
    describe: "Keep CRIU's images after the migration (with --img-path)",
  },
  'img-path': {
    type: 'string',
    value: 'DIRECTORY',
    describe: 'Existing directory, on both hosts, for the images; by default a tmpfs',
  },
} as const satisfies OptionTable;

export const modeOptions = {
  mode: {
    choices: ['live', 'revive'] as const,
    default: 'live' as const,
    describe:
      'live: memory moves, the processes never notice; revive: only files move, it is stopped here and started there',
  },
} as const satisfies OptionTable;

export const courseOptions = {
  start: {
    type: 'boolean',
    default: true,
    describe:
      'Let the container run on the target; --no-start leaves it stopped there (live: SIGCONT lets it go; revive: the summary says how)',
  },
  timeout: {
    type: 'number',
    default: defaults.timeout,
    describe: 'The longest the container may stand still, in seconds; after that everything is undone',
  },
  'stop-timeout': {
    type: 'number',
    default: defaults.stopTimeout,
    describe: 'Mode revive: how long it may take to end after its stop signal, in seconds; then it is killed',
  },
  'downtime-limit': {
    type: 'number',
    default: defaults.downtimeLimit,
    describe: 'Mode live: iterate no more once it is expected to stand still for no longer than this, in ms',
  },
  'on-no-convergence': {
    choices: ['go', 'fail'] as const,
    default: 'go' as const,
    describe:
      'Mode live: if iterations end and it would stand still for longer: go ahead, or fail and leave it untouched',
  },
  'max-iterations': {
    type: 'number',
    default: defaults.maxIterations,
    describe: 'At most so many iterations before it stands still',
  },
  'max-growth': {
    type: 'number',
    default: defaults.maxGrowth * 100,
    describe: 'Iterate no more if one moves so much more than the one before, in percent',
  },
  enough: {
    type: 'string',
    value: 'BYTES',
    default: `${defaults.enough / 2 ** 20}M`,
    describe: 'Mode revive: iterate no more if one moves so little or less, in bytes or with K, M, G',
  },
  'dry-run': { type: 'boolean', default: false, describe: 'Preflight only: say what would be done' },
} as const satisfies OptionTable;

export const outputOptions = {
  json: {
    type: 'boolean',
    default: false,
    describe: 'JSON lines on stdout: events, and one result object at the end',
  },
  'log-file': { type: 'string', value: 'FILE', describe: 'Write every event to this file too' },
  verbose: { type: 'boolean', alias: 'v', default: false, describe: 'Show everything that happens' },
  quiet: {
    type: 'boolean',
    alias: 'q',
    default: false,
    describe: 'Say only what is wrong: warnings and errors',
  },
} as const satisfies OptionTable;

export const logOptions = {
  'log-level': {
    choices: levels,
    describe: "The least bad that is written to the log: systemd's journal, and stderr with --log-format",
  },
  'log-format': {
    choices: formats,
    describe: 'Write the log to stderr, a line for each record, instead of what is there for people',
  },
} as const satisfies OptionTable;

export const reportOptions = {
  report: {
    type: 'string',
    value: 'FILE',
    describe: 'Write a report to this file at the end: one HTML page that needs nothing else',
  },
} as const satisfies OptionTable;

export const migrateOptions = {
  ...containerOptions,
  ...modeOptions,
  ...courseOptions,
  ...criuOptions,
  ...reachOptions,
  ...outputOptions,
  ...logOptions,
  ...reportOptions,
  ...configOptions,
} as const;
export const checkOptions = {
  ...containerOptions,
  ...modeOptions,
  ...criuOptions,
  ...reachOptions,
  ...outputOptions,
  ...logOptions,
  ...configOptions,
} as const;

/** Options that are about one call: the configuration file cannot set them. */
const ofOneCall = [
  'dst-id',
  'pid-root',
  'dst-rpid',
  'force',
  'dry-run',
  'json',
  'verbose',
  'quiet',
  'config',
] as const satisfies readonly (keyof typeof migrateOptions)[];

type OfOneCall = (typeof ofOneCall)[number];

/** Options that count for all that phaul does on a host: the table [log] sets them. */
type OfLog = keyof typeof logOptions;
const ofLog = Object.keys(logOptions) as OfLog[];

/** What the table [migrate] of the configuration file can have. */
export const fileOptions: Omit<typeof migrateOptions, OfOneCall | OfLog> = Object.fromEntries(
  Object.entries(migrateOptions).filter(
    ([name]) => !ofOneCall.includes(name as OfOneCall) && !ofLog.includes(name as OfLog),
  ),
) as Omit<typeof migrateOptions, OfOneCall | OfLog>;
