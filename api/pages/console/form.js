/** What a product's form says that the product does not: only what was edited, and nothing dropped. */

/** A line that cannot be understood; `line` is it. */
export class Unclear extends Error {
  constructor(line) {
    super(line);
    this.line = line;
  }
}

/** Several values as lines of a box, and back: a line that nobody touched is what it was. */
export class Lines {
  /** @param {Array<[string, any]>} held each value's line, and the value */
  constructor(held) {
    this.held = new Map(held.map(([line, value]) => [line.replace(/\s+/g, " ").trim(), value]));
  }

  /** @returns {string} */
  get text() {
    return [...this.held.keys()].join("\n");
  }

  /**
   * The values of the lines in `text`.
   * @param {string} text @param {(line: string) => any} read of a line that is new; throws Unclear
   */
  values(text, read) {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.map((line) => (this.held.has(line) ? this.held.get(line) : read(line)));
  }
}

/** `season: Summer | Autumn` as a name and its values. @param {string} line @throws {Unclear} */
export function readAttribute(line) {
  const [name, ...rest] = line.split(":").map((part) => part.trim());
  const values = rest.join(":").split("|").map((one) => one.trim()).filter(Boolean);
  if (!name || !values.length) throw new Unclear(line);
  return [name, values];
}

/** Pairs as one object; a name that is said twice has the values of both. */
export function joined(pairs) {
  const all = new Map();
  for (const [name, values] of pairs) all.set(name, [...new Set([...(all.get(name) ?? []), ...values])]);
  return Object.fromEntries(all);
}
