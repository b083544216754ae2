/**
 * Building elements. Data reaches the page as text nodes and attributes only, never as markup:
 * a product's title is written by strangers.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners and children.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on` holds listeners; false, null and undefined are left out
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function el(tag, { on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.filter((child) => child || child === ""));
  return node;
}

/**
 * One of the drawings of icons.svg; decoration only, so hidden from screen readers.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", new URL(`icons.svg#${name}`, import.meta.url).href);
  svg.append(use);
  return svg;
}

/**
 * The element with this id; the page is broken without it, so its absence is an error.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no element #${id}`);
  return node;
}
