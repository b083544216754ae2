/**
 * The way the shopper came: each question is a step of the browser's history, so Back works.
 * A step remembers its answer and how far the page was scrolled; the address carries the words.
 */

import { addressOf, NOTHING } from "./query.js";

/**
 * @typedef {object} Step
 * @property {number} id
 * @property {import("./query.js").Query} query
 * @property {any} answer null until it is there
 * @property {import("./door.js").Problem} [problem] why there is none
 * @property {number} scroll
 */

export class Trail {
  /** @param {(step: Step) => void} arrive called when Back or Forward leads to another step */
  constructor(arrive) {
    /** @type {Map<number, Step>} */
    this.steps = new Map();
    this.next = 1;
    // A moment's mark keeps the steps of this load apart from those of one before a reload.
    this.load = Date.now();
    history.scrollRestoration = "manual";
    addEventListener("popstate", (event) => arrive(this.#arrived(event.state)));
  }

  /** @param {import("./query.js").Query} query the first question of this load */
  begin(query) {
    this.step = this.#made(query);
    this.#write("replaceState", 0);
  }

  /** @param {import("./query.js").Query} query a new step */
  push(query) {
    const depth = this.depth + 1;
    this.step.scroll = scrollY;
    this.step = this.#made(query);
    this.#write("pushState", depth);
  }

  /** @param {import("./query.js").Query} query the same step, asked a little differently */
  replace(query) {
    this.step.query = query;
    this.#write("replaceState", this.depth);
  }

  /** How many steps lie behind this one in this page. */
  get depth() {
    return history.state?.depth ?? 0;
  }

  #made(query) {
    const step = { id: this.next++, query, answer: null, scroll: 0 };
    this.steps.set(step.id, step);
    return step;
  }

  #write(method, depth) {
    history[method]({ id: this.step.id, load: this.load, depth }, "", addressOf(this.step.query));
  }

  #arrived(state) {
    this.step.scroll = scrollY;
    const known = state?.load === this.load ? this.steps.get(state.id) : undefined;
    this.step = known ?? { id: this.next++, query: NOTHING, answer: null, scroll: 0 };
    return { ...this.step, known: known !== undefined };
  }
}
