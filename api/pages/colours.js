/** How a colour's name looks. Names we do not know are shown by the product's own picture. */

const LOOKS = {
  black: "#1c1c1e", white: "#ffffff", grey: "#8d9096", gray: "#8d9096", red: "#c8262c", orange: "#f07b22",
  yellow: "#f6c926", green: "#3a8f4d", blue: "#2f62c4", navy: "#1d2a4d", "navy blue": "#1d2a4d",
  purple: "#7a3f9d", violet: "#7f57c2", lavender: "#b9a5dc", pink: "#ee8fb4", brown: "#7a4b2a", tan: "#c99d6f",
  beige: "#dfcfb2", cream: "#f6edd8", "off white": "#f5f1e8", silver: "#c3c7cc", gold: "#cfa244", bronze: "#a9713b",
  copper: "#b8693f", teal: "#1f7f83", turquoise: "#3fbfbf", "turquoise blue": "#35b5c4", olive: "#77772f",
  khaki: "#a99f6b", maroon: "#73202d", burgundy: "#6f1d33", magenta: "#c62a88", peach: "#f8c0a0",
  charcoal: "#43474d", coral: "#f2735d", mustard: "#d2a12b", rust: "#a84b21", rose: "#dd96a0", nude: "#e2bfa5",
  mint: "#a9dcc3", "sea green": "#3f9d80", "lime green": "#9fcd34", "grey melange": "#a9acb1", steel: "#8f9aa5",
  taupe: "#8c7b6c", "coffee brown": "#55372a", "mushroom brown": "#94816d", mauve: "#b58aa5",
};

/** Names for a thing of many colours. */
const MANY = new Set(["multi", "multicolour", "multicolor", "multicoloured", "rainbow"]);

/** @param {string} name */
export const isMany = (name) => MANY.has(name.toLowerCase());

/** @param {string} name @returns {string|null} a CSS colour */
export const lookOf = (name) => LOOKS[name.toLowerCase()] ?? null;
