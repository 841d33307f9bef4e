const [begin, end] = ['\u001b]7777;', '\u0007'];

/** An escape sequence that no terminal shows: it tells the reader of the stream where in it something was. */
export const mark = (name: string): string => `${begin}${name}${end}`;

/** The stream in pieces, each with the name of the mark at its end. */
export function atMarks(stream: string): { readonly text: string; readonly name: string }[] {
  const [first = '', ...marked] = stream.split(begin);
  const pieces = [first];
  const names = marked.map((piece) => {
    const [name = '', ...text] = piece.split(end);
    pieces.push(text.join(end));
    return name;
  });
  return pieces.map((text, index) => ({ text, name: names[index] ?? 'end' }));
}
