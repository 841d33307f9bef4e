import { type FileHandle, open } from 'node:fs/promises';
import { PhaulError } from './errors.ts';

/**
 * What a configuration file says, not yet checked.
 * @param needed without it a file that does not exist says nothing (null)
 * @throws CONFIG_INVALID with the place and the reason; also if others than root can have written it: programs in it run as root
 */
export async function readConfigFile(path: string, needed: boolean): Promise<unknown> {
  const text = await readOwn(path, needed);
  if (text === null) return null;
  // Loaded only where it is needed: most hosts have no such file.
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw configInvalid(path, `line ${error.line}, column ${error.column}: ${why}`, error);
  }
}

async function readOwn(path: string, needed: boolean): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !needed) return null;
    throw configInvalid(path, code === 'ENOENT' ? 'does not exist' : message, error);
  }
  try {
    const { uid, mode } = await file.stat();
    if (uid !== 0 || mode & 0o022) throw configInvalid(path, 'others than root may write to it');
    return await file.readFile('utf8');
  } catch (error) {
    throw error instanceof PhaulError ? error : configInvalid(path, (error as Error).message, error);
  } finally {
    await file.close();
  }
}

export function configInvalid(path: string, why: string, cause?: unknown): PhaulError {
  return new PhaulError('CONFIG_INVALID', `${path}: ${why}${/[.?]$/.test(why) ? '' : '.'}`, { cause });
}
