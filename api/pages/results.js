/** What was found: the heading, the grid, and what to say when there is little or nothing. */

import { card } from "./card.js";
import { el } from "./dom.js";
import { countFilters, MOST } from "./query.js";

const SKELETONS = 12;

export class Results {
  /**
   * @param {{section: HTMLElement, heading: HTMLElement, count: HTMLElement, notice: HTMLElement,
   *          grid: HTMLElement, more: HTMLButtonElement, live: HTMLElement}} parts
   * @param {import("./strings.js").Strings} strings
   * @param {{open: Function, like: Function, again: Function, choose: Function, clear: Function}} hands
   */
  constructor(parts, strings, hands) {
    Object.assign(this, parts);
    this.strings = strings;
    this.hands = hands;
    this.shown = 0;
  }

  /** A search is on its way: skeletons where nothing stands yet, else what stands is dimmed. */
  searching(fresh) {
    this.section.setAttribute("aria-busy", "true");
    this.live.textContent = this.strings.say("results.searching");
    if (!fresh) return;
    this.heading.textContent = this.strings.say("results.searching");
    this.count.textContent = "";
    this.notice.replaceChildren();
    this.more.hidden = true;
    const bones = () =>
      el(
        "li",
        { class: "card bone", "aria-hidden": "true" },
        el("div", { class: "tile" }),
        el("div", { class: "bone-line" }),
        el("div", { class: "bone-line short" }),
      );
    this.grid.replaceChildren(...Array.from({ length: SKELETONS }, bones));
  }

  /**
   * @param {any} answer @param {import("./query.js").Query} query
   * @param {{currency: string, added?: boolean}} how `added`: the same question with a larger top
   */
  show(answer, query, { currency, added = false }) {
    const { strings, hands } = this;
    const { hits } = answer;
    this.section.removeAttribute("aria-busy");
    const from = added ? this.shown : 0;
    const cards = hits.slice(from).map((hit) => card(hit, { strings, currency, ...hands }));
    if (added) this.grid.append(...cards);
    else this.grid.replaceChildren(...cards);
    this.shown = hits.length;
    this.more.hidden = hits.length < query.top || query.top >= MOST;
    this.#head(answer, query);
    if (added) cards[0]?.querySelector("button.card-title")?.focus();
  }

  /** @param {import("./door.js").Problem} problem */
  fail(problem) {
    this.section.removeAttribute("aria-busy");
    const { strings, hands } = this;
    const say = problem.sentence(strings);
    this.heading.textContent = strings.say("error.heading");
    this.count.textContent = "";
    this.grid.replaceChildren();
    this.more.hidden = true;
    this.notice.replaceChildren(
      notice(
        say,
        button(strings.say("error.again"), "primary", hands.again),
        button(strings.say("error.choose"), "", hands.choose),
      ),
    );
    this.live.textContent = say;
  }

  #head(answer, query) {
    const { strings } = this;
    const n = answer.hits.length;
    const filtered = countFilters(query.filters) > 0;
    this.count.textContent = n ? strings.say("results.count", { n }) : "";
    if (!n) return this.#empty(filtered);
    if (answer.nothing_like_this) return this.#nothing(filtered);
    this.notice.replaceChildren();
    this.heading.textContent = strings.say(headingOf(answer, query));
    this.live.textContent = strings.say("results.announce", {
      n,
      title: answer.hits[0].title || answer.hits[0].sku,
    });
  }

  #nothing(filtered) {
    const { strings, hands } = this;
    this.heading.textContent = strings.say("none.heading");
    const clear = filtered && button(strings.say("chips.clear"), "", hands.clear);
    this.notice.replaceChildren(
      notice(strings.say(filtered ? "none.filtered" : "none.lead"), clear),
      el("h2", { class: "nearest" }, strings.say("results.nearest")),
    );
    this.live.textContent = strings.say("results.announce_none");
  }

  #empty(filtered) {
    const { strings, hands } = this;
    this.heading.textContent = strings.say("empty.heading");
    const act = filtered
      ? button(strings.say("chips.clear"), "primary", hands.clear)
      : button(strings.say("error.choose"), "primary", hands.choose);
    this.notice.replaceChildren(notice(strings.say(filtered ? "empty.filtered" : "empty.words"), act));
    this.live.textContent = `${strings.say("results.announce_empty")} ${this.heading.textContent}`;
  }
}

function headingOf(answer, query) {
  if (query.like) return "results.heading_like";
  if (query.picture === null) return "results.heading_words";
  return query.text ? "results.heading_both" : "results.heading";
}

const notice = (sentence, ...acts) =>
  el("div", { class: "notice" }, el("p", {}, sentence), el("div", { class: "acts" }, ...acts));

const button = (word, kind, click) =>
  el("button", { type: "button", class: `button ${kind}`, on: { click: () => click() } }, word);
