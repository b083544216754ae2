/** A product's picture, in a tile that keeps its room while it loads. */

import { el } from "./dom.js";
import { pictureAt } from "./door.js";

export const THUMB_PX = 400;

// Width by height. A picture near it loses a sliver of its edge rather than gain bars at its sides.
const TILE = 4 / 5;
const NEAR = 0.15;

/**
 * @param {string|null|undefined} path as the door names it
 * @param {import("./strings.js").Strings} strings @param {number} [widthPx]
 * @returns {HTMLImageElement} its alternative is empty: the product's name stands beside it
 */
export function picture(path, strings, widthPx = THUMB_PX) {
  const image = el("img", {
    src: path ? pictureAt(path, widthPx) : null,
    alt: "",
    width: 400,
    height: 500,
    loading: "lazy",
    decoding: "async",
  });
  image.addEventListener("load", () => {
    const ratio = image.naturalWidth / image.naturalHeight / TILE;
    image.classList.toggle("fills", Math.abs(ratio - 1) < NEAR);
  });
  const missing = () => {
    image.classList.add("is-missing");
    image.alt = strings.say("hit.no_picture");
  };
  if (path) image.addEventListener("error", missing);
  else missing();
  return image;
}
