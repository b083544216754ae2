/** What this device has saved: the hearts on the cards, and the photo that is being looked at. */

import { el, icon } from "./dom.js";
import { keepSnap, saved, unsave, save } from "./door.js";

const KNOWN = 100;

export class Hearts {
  /**
   * @param {import("./strings.js").Strings} strings @param {(sentence: string) => void} tell
   * @param {(sku?: string) => void} kept called when something was saved: a product, or the photo
   */
  constructor(strings, tell, kept) {
    this.strings = strings;
    this.tell = tell;
    this.kept = kept;
    /** @type {Set<string>} */
    this.skus = new Set();
    /** @type {Map<string, Set<HTMLElement>>} the buttons on show, by SKU */
    this.buttons = new Map();
    /** One write after the other: the first makes this device known, and two at once made two of it. */
    this.turn = Promise.resolve();
    this.ready = saved(KNOWN).then(
      ({ items }) => items.forEach((item) => item.kind === "product" && this.#set(item.sku, true)),
      () => {}, // hearts begin empty; pressing one says what is wrong
    );
  }

  /**
   * A heart for a product; `named` gives the SKU and title it stands for at the moment.
   * @param {() => {sku: string, title: string}} named
   */
  button(named) {
    const node = el("button", { type: "button", class: "card-heart" }, icon("heart"));
    let at = "";
    const draw = () => {
      const { sku, title } = named();
      this.buttons.get(at)?.delete(node);
      at = sku;
      if (!this.buttons.has(sku)) this.buttons.set(sku, new Set());
      this.buttons.get(sku).add(node);
      node.setAttribute("aria-label", this.strings.say("hit.save", { title }));
      node.setAttribute("aria-pressed", String(this.skus.has(sku)));
    };
    node.addEventListener("click", () => this.#press(named().sku));
    return { node, draw };
  }

  /** Keeps the photo with its answer. @param {import("./query.js").Query} query @param {Blob} bytes */
  async keepPhoto(query, bytes) {
    const item = await this.#tried(() => keepSnap(query, bytes));
    if (item === null) return false;
    this.kept();
    this.tell(this.strings.say("saved.kept"));
    return true;
  }

  async #press(sku) {
    const wanted = !this.skus.has(sku);
    this.#set(sku, wanted); // at once: a heart that waits for the network feels broken
    const done = await this.#tried(() => (wanted ? save(sku) : unsave(sku)));
    if (done === null) return this.#set(sku, !wanted);
    if (wanted) this.kept(sku);
    this.tell(this.strings.say(wanted ? "saved.added" : "saved.removed"));
  }

  async #tried(ask) {
    const asked = this.turn.then(ask);
    this.turn = asked.catch(() => {});
    try {
      return (await asked) ?? true;
    } catch (error) {
      if (!error.sentence) throw error;
      this.tell(error.sentence(this.strings));
      return null;
    }
  }

  #set(sku, wanted) {
    if (wanted) this.skus.add(sku);
    else this.skus.delete(sku);
    for (const node of this.buttons.get(sku) ?? []) {
      node.setAttribute("aria-pressed", String(wanted));
      if (!node.isConnected) this.buttons.get(sku).delete(node);
    }
  }
}
