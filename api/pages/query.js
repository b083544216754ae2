/**
 * What the shopper asks: a value, changed by making another. Pictures are named by number, their
 * bytes stay in memory (see picture.js), so neither the address nor the history holds a photo.
 */

/**
 * @typedef {object} Filters
 * @property {string|null} category
 * @property {string[]} colours any of them
 * @property {string|null} brand
 * @property {number|null} from lowest price
 * @property {number|null} to highest price
 * @property {boolean} inStock
 *
 * @typedef {object} Query
 * @property {number|null} picture
 * @property {number[]|null} box x, y, w, h in pixels of the upright picture; null is all of it
 * @property {string|null} like a SKU
 * @property {string} text
 * @property {Filters} filters
 * @property {number} top
 */

export const PAGE = 24;
export const MOST = 96;

/** @type {Readonly<Filters>} */
export const NO_FILTERS = Object.freeze({
  category: null,
  colours: [],
  brand: null,
  from: null,
  to: null,
  inStock: false,
});

/** @type {Readonly<Query>} */
export const NOTHING = Object.freeze({
  picture: null,
  box: null,
  like: null,
  text: "",
  filters: NO_FILTERS,
  top: PAGE,
});

/** @param {Query} query */
export const asksNothing = (query) => query.picture === null && !query.like && !query.text;

/** @param {Filters} filters how many are set */
export function countFilters(filters) {
  const { category, colours, brand, from, to, inStock } = filters;
  return colours.length + [category, brand, from !== null || to !== null, inStock].filter(Boolean).length;
}

/**
 * The filters in the door's language: terms joined by blanks, values quoted.
 * @param {Filters} filters
 */
export function filterText({ category, colours, brand, from, to, inStock }) {
  const terms = [];
  if (category) terms.push(`category=${quoted(category)}`);
  if (colours.length) terms.push(`colour=${colours.map(quoted).join(",")}`);
  if (brand) terms.push(`brand=${quoted(brand)}`);
  if (from !== null) terms.push(`price>=${from}`);
  if (to !== null) terms.push(`price<=${to}`);
  if (inStock) terms.push("stock>0");
  return terms.join(" ");
}

const quoted = (value) => `"${value.replace(/["\\]/g, "\\$&")}"`;

/**
 * The address of a query: everything but the photo, so that it can be shared and reloaded.
 * @param {Query} query
 */
export function addressOf({ picture, like, text, filters }) {
  const address = new URLSearchParams();
  if (picture !== null) address.set("photo", "1");
  if (like) address.set("like", like);
  if (text) address.set("text", text);
  if (filters.category) address.set("category", filters.category);
  for (const colour of filters.colours) address.append("colour", colour);
  if (filters.brand) address.set("brand", filters.brand);
  if (filters.from !== null) address.set("from", String(filters.from));
  if (filters.to !== null) address.set("to", String(filters.to));
  if (filters.inStock) address.set("stock", "1");
  const search = address.toString();
  return search ? `?${search}` : "./";
}

/**
 * The query that an address tells; its photo, if it had one, is lost (`lostPhoto`).
 * @param {string} search as in location.search
 * @returns {{query: Query, lostPhoto: boolean}}
 */
export function queryFrom(search) {
  const address = new URLSearchParams(search);
  const filters = {
    category: address.get("category"),
    colours: address.getAll("colour"),
    brand: address.get("brand"),
    from: amount(address.get("from")),
    to: amount(address.get("to")),
    inStock: address.has("stock"),
  };
  const lostPhoto = address.has("photo");
  const text = lostPhoto ? "" : (address.get("text") ?? "");
  return { query: { ...NOTHING, like: address.get("like"), text, filters }, lostPhoto };
}

/**
 * A price as typed ("49,90" too), or null for anything that is none.
 * @param {string|null} typed
 */
export function amount(typed) {
  const number = Number.parseFloat((typed ?? "").replace(",", "."));
  return Number.isFinite(number) && number >= 0 ? number : null;
}
