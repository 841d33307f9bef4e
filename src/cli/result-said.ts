import type { Listener } from '../observe/emitter.ts';

let said = false;

/** Listens where a result goes to a program: it must get exactly one. */
export const heedResult: Listener = ({ type }) => {
  said ||= type === 'result';
};

/** A program has been told the result. */
export const resultIsSaid = (): boolean => said;
