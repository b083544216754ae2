/**
 * Dots on the things in the shopper's photo: each is a button that searches that thing.
 * Things come with their box in pixels of the upright picture, see things.js.
 */

import { el } from "./dom.js";
import { fromPixels } from "./frame.js";

const APART = { x: 0.14, y: 0.09 }; // shares of the picture: nearer, two dots would be one to a thumb

export class Dots {
  /**
   * @param {HTMLElement} node over which they lie; it is as large as the picture
   * @param {import("./strings.js").Strings} strings
   * @param {(box: number[]) => void} chosen
   */
  constructor(node, strings, chosen) {
    this.node = el("div", { class: "dots", role: "group" });
    this.strings = strings;
    this.chosen = chosen;
    node.append(this.node);
  }

  /** @param {import("./picture.js").Picture} picture @param {number[]|null} box what is searched */
  show(picture, box) {
    const held = this.node.contains(document.activeElement) ? document.activeElement.dataset.number : null;
    const places = apart((picture.things ?? []).map((thing) => middle(thing.box, picture)));
    const dots = places.map((at, number) => this.#dot(picture.things[number], at, number, box));
    this.node.setAttribute("aria-label", this.strings.say("things.group"));
    this.node.replaceChildren(...dots);
    if (held !== null) dots[Number(held)]?.focus({ preventScroll: true });
  }

  #dot(thing, { x, y }, number, box) {
    const kind = this.strings.say(`thing.${thing.kind}`);
    const dot = el("button", {
      type: "button",
      class: "thing",
      title: kind,
      "data-number": number,
      "aria-label": this.strings.say("things.search", { kind }),
      "aria-pressed": String(`${thing.box}` === `${box}`),
      on: {
        click: () => this.chosen(thing.box),
        pointerdown: (event) => event.stopPropagation(), // or the frame would be drawn anew from here
        keydown: (event) => event.stopPropagation(), // arrows move the frame, not from a dot
      },
    });
    dot.style.left = `${x * 100}%`;
    dot.style.top = `${y * 100}%`;
    return dot;
  }
}

function middle(box, picture) {
  const { x, y, w, h } = fromPixels(box, picture);
  return { x: x + w / 2, y: y + h / 2, w, h };
}

/** Where in its box a thing's dot may lie, in shares of its sides from the middle. */
const SPOTS = [[0, 0], [0, -0.3], [0, 0.3], [-0.3, 0], [0.3, 0], [-0.3, -0.3], [0.3, 0.3], [0.3, -0.3], [-0.3, 0.3]];

/**
 * Where dots lie: on the things' middles, but none on an earlier one, for a coat and what is worn
 * under it have nearly the same middle. Such a one lies elsewhere on its thing; where that is too
 * small for it, above or below.
 * @param {{x: number, y: number, w?: number, h?: number}[]} places middles and sides
 */
export function apart(places) {
  const set = [];
  for (const { x, y, w = 0, h = 0 } of places) {
    const clear = (at) => !set.some((other) => onTop(other, at));
    const spots = SPOTS.map(([dx, dy]) => ({ x: x + dx * w, y: y + dy * h }));
    const at = spots.find(clear) ?? spots[0];
    for (let tries = 0; tries < 6 && !clear(at); tries += 1) {
      const step = APART.y * (tries + 1) * (tries % 2 ? -1 : 1); // down, up, further down, …
      at.y = Math.min(0.96, Math.max(0.04, at.y + step));
    }
    set.push(at);
  }
  return set;
}

const onTop = (a, b) => Math.abs(a.x - b.x) < APART.x && Math.abs(a.y - b.y) < APART.y;
