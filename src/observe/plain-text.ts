// Control characters, and those that turn the direction of writing around.
const steering = /[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu;

/** Some of the text comes from the other host: it must neither steer the terminal nor look like lines of our own. */
export function plainText(line: string): string {
  return line.replaceAll(steering, ' ');
}
