/** Opens every generated page. */
export function generatedFrom(source: string): string {
  return `<!-- Generated from ${source} by "npm run docs". Do not edit. -->`;
}

/** A table of Markdown; cells may contain Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}
