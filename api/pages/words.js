/** Honest words for figures: how near a hit is, how many are left. */

const STEPS = [
  [0.75, "very_close", 4],
  [0.5, "close", 3],
  [0.25, "similar", 2],
  [0, "loose", 1],
];
const FEW = 3;
// From here on a hit is told as the very product. Of other views of products that the shop sells all
// so told were it; of those that it does not sell some were told so, too (docs/model.md).
const VERY = 0.7;

/**
 * How near a hit is, from the calibrated probability that a shopper calls it the same kind and
 * colour. A percentage would promise more than a shopper can check.
 * @param {number|null|undefined} probability
 * @param {number|null} [exact] how likely it is the very product, where that can be said
 * @returns {{key: string, dots: number}|null}
 */
export function matchOf(probability, exact = null) {
  if (typeof exact === "number" && exact >= VERY) return { key: "match.exact", dots: 4 };
  if (typeof probability !== "number") return null;
  const [, key, dots] = STEPS.find(([least]) => probability >= least) ?? STEPS[STEPS.length - 1];
  return { key: `match.${key}`, dots };
}

/**
 * What to say of the stock: a shop that does not count (null) is not spoken for.
 * @param {number|null|undefined} stock
 * @returns {{key: string, facts: {n: number}, tone: string}|null}
 */
export function stockOf(stock) {
  if (typeof stock !== "number") return null;
  if (stock === 0) return { key: "hit.out", facts: { n: 0 }, tone: "out" };
  if (stock <= FEW) return { key: "hit.few", facts: { n: stock }, tone: "few" };
  return { key: "hit.stock", facts: { n: stock }, tone: "in" };
}

/** The last part of a category's path: "Gear/Bags" is "Bags" to a shopper. */
export const leafOf = (category) => category.split(/[/>]/).pop().trim() || category;

/**
 * Categories as a shopper chooses among them: each last part once (the door finds any part of a
 * path), without the root that most paths begin with, which would choose everything.
 * @param {string[]} paths
 */
export function leavesOf(paths) {
  const root = (path) => paths.filter((other) => other.startsWith(`${path}/`)).length * 2 > paths.length;
  return [...new Set(paths.filter((path) => !root(path)).map(leafOf))];
}
