/** The colours an article comes in, as a row of dots to choose from. */

import { isMany, lookOf } from "./colours.js";
import { el } from "./dom.js";
import { pictureAt } from "./door.js";

const MOST = 6;

/**
 * One entry per colour of a hit, itself first.
 * @param {any} hit
 * @returns {{sku: string, colour: string, price: number|null, image: string}[]}
 */
export function coloursOf(hit) {
  const all = [hit, ...(hit.swatches ?? [])].filter((item) => item.colour);
  return all.filter((item, i) => all.findIndex((other) => other.colour === item.colour) === i);
}

/**
 * A coloured dot; a colour we have no look for is shown by the product's picture.
 * @param {string} colour @param {string|null} image
 */
export function dot(colour, image) {
  const look = lookOf(colour);
  const node = el("span", { class: isMany(colour) ? "dot many" : "dot", "aria-hidden": "true" });
  if (look) node.style.setProperty("--dot", look);
  else if (image)
    node.append(el("img", { src: pictureAt(image, 160), alt: "", width: 20, height: 20, loading: "lazy" }));
  return node;
}

/**
 * The row, or null for an article of one colour.
 * @param {any} hit @param {import("./strings.js").Strings} strings
 * @param {(choice: any) => void} choose
 */
export function swatches(hit, strings, choose) {
  const colours = coloursOf(hit);
  if (colours.length < 2) return null;
  const label = strings.say("hit.colours", { title: hit.title || hit.sku });
  const row = el("div", { class: "swatches", role: "group", "aria-label": label });
  const press = (button, item) => {
    for (const other of row.children) other.setAttribute("aria-pressed", String(other === button));
    choose(item);
  };
  for (const item of colours.slice(0, MOST)) {
    const name = strings.colour(item.colour);
    const button = el(
      "button",
      {
        type: "button",
        class: "swatch",
        title: name,
        "aria-label": name,
        "aria-pressed": String(item === hit),
      },
      dot(item.colour, item.image),
    );
    button.addEventListener("click", () => press(button, item));
    row.append(button);
  }
  if (colours.length > MOST) row.append(el("span", { class: "quiet" }, `+${colours.length - MOST}`));
  return row;
}
