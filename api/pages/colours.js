/** How a colour's name looks. Names we do not know are shown by the product's own picture. */

const LOOKS = {
  aqua: "#66cfd6", "army green": "#5c6240", beige: "#dfcfb2", black: "#1c1c1e", bleach: "#c5d6e6", blue: "#2f62c4",
  bronze: "#a9713b", brown: "#7a4b2a", burgundy: "#6f1d33", camel: "#be9163", caramel: "#b5743a",
  charcoal: "#43474d", chocolate: "#4e2f20", coffee: "#55372a", "coffee brown": "#55372a", copper: "#b8693f",
  coral: "#f2735d", cream: "#f6edd8", crimson: "#ac1a33", cyan: "#36bcd4", "dark blue": "#1c2f66",
  "dark brown": "#4a2d1c", "dark green": "#1f5233", "dark grey": "#54585d", "dark red": "#7d1820",
  "denim blue": "#476a96", emerald: "#1f9163", fuchsia: "#d1338f", gold: "#cfa244", gray: "#8d9096",
  green: "#3a8f4d", grey: "#8d9096", "grey melange": "#a9acb1", "hot pink": "#f0489a", indigo: "#333f80",
  ivory: "#f8f3e3", khaki: "#a99f6b", lavender: "#b9a5dc", lemon: "#f5e15a", "light blue": "#a5cdee",
  "light brown": "#b08a62", "light green": "#a3d49a", "light grey": "#cdd0d3", "light pink": "#f8c4d6",
  lilac: "#c3a5d8", lime: "#a8d234", "lime green": "#9fcd34", magenta: "#c62a88", maroon: "#73202d",
  mauve: "#b58aa5", mint: "#a9dcc3", "mushroom brown": "#94816d", mustard: "#d2a12b", navy: "#1d2a4d",
  "navy blue": "#1d2a4d", nude: "#e2bfa5", "off white": "#f5f1e8", olive: "#77772f", orange: "#f07b22",
  peach: "#f8c0a0", pink: "#ee8fb4", plum: "#6b3057", purple: "#7a3f9d", red: "#c8262c", rose: "#dd96a0",
  "royal blue": "#2b4bd0", rust: "#a84b21", salmon: "#f49a86", sand: "#d9c6a3", "sea green": "#3f9d80",
  silver: "#c3c7cc", sky: "#8fc4ea", "sky blue": "#8fc4ea", steel: "#8f9aa5", stonewash: "#7f9dbf", tan: "#c99d6f",
  taupe: "#8c7b6c", teal: "#1f7f83", terracotta: "#c0623f", turquoise: "#3fbfbf", "turquoise blue": "#35b5c4",
  violet: "#7f57c2", white: "#ffffff", wine: "#641e36", yellow: "#f6c926",
};

/** Names for a thing of many colours. */
const MANY = new Set(["multi", "multicolour", "multicolor", "multicoloured", "rainbow"]);

/** @param {string} name */
export const isMany = (name) => MANY.has(name.toLowerCase());

/** @param {string} name @returns {string|null} a CSS colour */
export const lookOf = (name) => LOOKS[name.toLowerCase()] ?? null;
