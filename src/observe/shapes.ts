import * as z from 'zod';

/** The blocks that the schemas of events and results are made of. */

/** An object of which nobody who gets it may change anything. */
export const record = <S extends z.ZodRawShape>(shape: S): z.ZodReadonly<z.ZodObject<S, z.core.$strip>> =>
  z.object(shape).readonly();

export const list = <T extends z.ZodType>(item: T): z.ZodReadonly<z.ZodArray<T>> => z.array(item).readonly();

export const text = z.string();
export const flag = z.boolean();
export const count = z.int().nonnegative();
/** Milliseconds, to a tenth at best. */
export const ms = z.number().nonnegative();
export const role = z.enum(['source', 'target']);
export const mode = z.enum(['live', 'revive']);
