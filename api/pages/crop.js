/**
 * The frame over the shopper's photo: dragged by its corners, moved as a whole, drawn anew with a
 * mouse, or set with the arrow keys. It tells of a change once, when the hand comes to rest.
 */

import { el } from "./dom.js";
import { drawn, fromPixels, isWhole, moved, resized, toPixels, WHOLE } from "./frame.js";

const CORNERS = ["nw", "ne", "sw", "se"];
const STEP = 0.02;
const BIG_STEP = 0.1;
const KEYS_REST_MS = 500;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Crop {
  /**
   * @param {HTMLElement} node where it is built
   * @param {import("./strings.js").Strings} strings
   * @param {(box: number[]|null) => void} changed pixels of the upright picture, null for all of it
   */
  constructor(node, strings, changed) {
    this.node = node;
    this.strings = strings;
    this.changed = changed;
    this.#build();
    node.addEventListener("pointerdown", (event) => this.#grab(event));
    node.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {import("./picture.js").Picture} picture @param {number[]|null} box */
  show(picture, box) {
    if (this.image.src !== picture.url) this.image.src = picture.url;
    this.image.width = picture.width;
    this.image.height = picture.height;
    this.size = picture;
    this.#set(fromPixels(box, picture));
  }

  #build() {
    this.image = el("img", { "data-say-alt": "query.photo", draggable: "false" });
    this.hole = el("div", { class: "crop-hole" });
    const handles = CORNERS.map((corner) =>
      el("button", {
        type: "button",
        class: `crop-corner ${corner}`,
        "data-corner": corner,
        "data-say-aria-label": `crop.${corner}`,
      }),
    );
    this.mover = el("button", { type: "button", class: "crop-move", "data-say-aria-label": "crop.move" });
    this.box = el("div", { class: "crop-box" }, this.mover, ...handles);
    this.told = el("span", { class: "unseen", role: "status" });
    this.node.append(this.image, el("div", { class: "crop-shade" }, this.hole), this.box, this.told);
  }

  #set(frame) {
    this.frame = frame;
    for (const node of [this.box, this.hole]) {
      node.style.left = `${frame.x * 100}%`;
      node.style.top = `${frame.y * 100}%`;
      node.style.width = `${frame.w * 100}%`;
      node.style.height = `${frame.h * 100}%`;
    }
    this.node.classList.toggle("is-whole", isWhole(frame));
  }

  /** Where the pointer is, in shares of the picture. */
  #at(event) {
    const { left, top, width, height } = this.node.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  }

  #grab(event) {
    if (event.button !== 0 || !this.size) return;
    const act = this.#actOf(event);
    if (!act) return;
    const from = this.#at(event);
    const before = this.frame;
    const move = (to) => this.#set(act(before, from, this.#at(to)));
    const end = () => {
      this.node.removeEventListener("pointermove", move);
      this.node.removeEventListener("pointerup", end);
      this.node.removeEventListener("pointercancel", end);
      this.node.classList.remove("is-held");
      this.#tell(before);
    };
    this.node.setPointerCapture(event.pointerId);
    this.node.classList.add("is-held");
    this.node.addEventListener("pointermove", move);
    this.node.addEventListener("pointerup", end);
    this.node.addEventListener("pointercancel", end);
    if (event.pointerType === "mouse") event.preventDefault();
    if (event.target instanceof HTMLElement) event.target.focus({ preventScroll: true, focusVisible: false });
  }

  /** What this pointer does: pull a corner, move the frame or, with a mouse, draw a new one. */
  #actOf(event) {
    const corner = event.target.dataset.corner;
    if (corner) return (frame, from, to) => resized(frame, corner, to.x - from.x, to.y - from.y);
    if (event.target === this.mover && !isWhole(this.frame)) {
      return (frame, from, to) => moved(frame, to.x - from.x, to.y - from.y);
    }
    if (event.pointerType !== "mouse") return null; // a finger there scrolls the page
    return (frame, from, to) => drawn(from, to) ?? frame;
  }

  #key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || !this.size) return;
    event.preventDefault();
    const step = event.shiftKey ? BIG_STEP : STEP;
    const [dx, dy] = arrow.map((direction) => direction * step);
    const corner = event.target.dataset.corner;
    const before = this.before ?? this.frame;
    this.before = before;
    this.#set(corner ? resized(this.frame, corner, dx, dy) : moved(this.frame, dx, dy));
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.before = undefined;
      this.#tell(before);
    }, KEYS_REST_MS);
  }

  #tell(before) {
    const box = toPixels(this.frame, this.size);
    if (`${box}` === `${toPixels(before, this.size)}`) return;
    const { x, y, w, h } = box ? this.frame : WHOLE;
    const [left, right, top, bottom] = [x, x + w, y, y + h].map((share) => Math.round(share * 100));
    this.told.textContent = this.strings.say("crop.position", { left, right, top, bottom });
    this.changed(box);
  }
}
