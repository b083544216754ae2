/** The first sight of the page: what the shop has, and the photos of this visit. */

import { el } from "./dom.js";
import { NO_FILTERS, NOTHING } from "./query.js";
import { picture } from "./tile.js";

const LEAST_TILES = 3;

/**
 * A tile for each of the shop's largest categories, with a picture of a product in it.
 * @param {HTMLElement} section @param {HTMLElement} list
 * @param {{category: string, image: string}[]} windows
 * @param {import("./strings.js").Strings} strings
 * @param {(query: import("./query.js").Query) => void} ask
 */
export function drawTiles(section, list, windows, strings, ask) {
  list.replaceChildren(...windows.map((window) => tile(window, strings, ask)));
  section.hidden = windows.length < LEAST_TILES;
}

function tile({ category, image }, strings, ask) {
  const query = { ...NOTHING, text: category, filters: { ...NO_FILTERS, category } };
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "window", on: { click: () => ask(query) } },
      el("span", { class: "tile" }, picture(image, strings)),
      el("span", { class: "window-name" }, category),
    ),
  );
}

/**
 * The photos of this visit, to search with again.
 * @param {HTMLElement} section @param {HTMLElement} list
 * @param {import("./picture.js").Picture[]} pictures
 * @param {import("./strings.js").Strings} strings @param {(id: number) => void} open
 */
export function drawRecent(section, list, pictures, strings, open) {
  section.hidden = pictures.length === 0;
  list.replaceChildren(
    ...pictures.map((picture, i) =>
      el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: "recent",
            "aria-label": strings.say("start.recent_open", { n: i + 1 }),
            on: { click: () => open(picture.id) },
          },
          el("img", { src: picture.thumb, alt: "", width: 96, height: 96 }),
        ),
      ),
    ),
  );
}
