import * as z from 'zod';
import { codes, type ErrorCode } from './error-codes.ts';
import { PhaulError } from './errors.ts';

/** An error as it crosses from the target to the source. */
export const wireError = z.object({
  code: z.enum(Object.keys(codes) as [ErrorCode, ...ErrorCode[]]).catch('INTERNAL'),
  message: z.string(),
  hint: z.string().optional(),
  logLine: z.string().optional(),
  logFile: z.string().optional(),
});

export type WireError = z.infer<typeof wireError>;

export function toWire({ code, message, hint, details }: PhaulError): WireError {
  return { code, message, hint, logLine: details.logLine, logFile: details.logFile };
}

export function fromWire(error: WireError): PhaulError {
  const { code, message, ...details } = error;
  const given = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return new PhaulError(code, message, { ...given, host: 'target' });
}
