/** The first sight of the page: what the shop has, and the photos of this visit. */

import { el } from "./dom.js";
import { search } from "./door.js";
import { NO_FILTERS, NOTHING } from "./query.js";
import { picture } from "./tile.js";
import { leavesOf } from "./words.js";

const TILES = 6;

/**
 * A tile for each of the shop's largest categories, with a picture of a product in it.
 * @param {HTMLElement} section @param {HTMLElement} list
 * @param {any} shop @param {import("./strings.js").Strings} strings
 * @param {(query: import("./query.js").Query) => void} ask
 */
export async function drawTiles(section, list, shop, strings, ask) {
  const leaves = leavesOf((shop.facets.category ?? []).map(([category]) => category));
  const tiles = await Promise.all(leaves.slice(0, TILES).map((leaf) => tile(leaf, strings, ask)));
  list.replaceChildren(...tiles.filter(Boolean));
  section.hidden = list.children.length < 3;
}

async function tile(leaf, strings, ask) {
  const query = { ...NOTHING, text: leaf, filters: { ...NO_FILTERS, category: leaf } };
  const answer = await search({ ...query, top: 1 }, null).catch(() => null); // a shop window may lack a tile
  const image = answer?.hits[0]?.image;
  if (!image) return null;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "window", on: { click: () => ask(query) } },
      el("span", { class: "tile" }, picture(image, strings)),
      el("span", { class: "window-name" }, leaf),
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
