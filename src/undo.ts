/** What to do backwards if things go wrong: a LIFO stack to which every act pushes its undo after it succeeded. */
export interface UndoStack {
  readonly push: (name: string, undo: () => Promise<void>) => void;
  /** Runs every undo, the last pushed first, each whether or not others failed; gives the failures. Empty afterwards. */
  readonly unwind: () => Promise<UndoFailure[]>;
  /** Forgets everything: there is only forward from here. */
  readonly clear: () => void;
}

export interface UndoFailure {
  readonly name: string;
  readonly error: unknown;
}

export function undoStack(): UndoStack {
  let steps: { name: string; undo: () => Promise<void> }[] = [];
  return {
    push: (name, undo) => void steps.push({ name, undo }),
    clear: () => void (steps = []),
    unwind: async () => {
      const failures: UndoFailure[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        const { name, undo } = step;
        try {
          await undo();
        } catch (error) {
          failures.push({ name, error });
        }
      }
      return failures;
    },
  };
}
