/** The second sight: the query beside what was found for it. Loaded when the first is asked. */

import { drawChips } from "./chips.js";
import { Closer } from "./closer.js";
import { byId } from "./dom.js";
import { tellEvents } from "./door.js";
import { FilterPanel } from "./filters.js";
import { Hearts } from "./hearts.js";
import { countFilters, NO_FILTERS } from "./query.js";
import { Rail } from "./rail.js";
import { Results } from "./results.js";
import { Tally } from "./tally.js";
import { lookInto } from "./things.js";

/**
 * @typedef {object} Hands what the shopper can do here
 * @property {(sku: string) => void} like
 * @property {() => void} again
 * @property {() => void} choose
 * @property {() => void} more
 * @property {(some: Partial<import("./query.js").Query>) => void} narrow words or filters changed
 * @property {(box: number[]|null) => void} reframe
 */

export class Found {
  /**
   * @param {import("./strings.js").Strings} strings @param {Hands} hands
   * @param {{currency: string, facets: any}} shop
   */
  constructor(strings, hands, shop) {
    this.strings = strings;
    this.hands = hands;
    this.shop = shop;
    this.rail = new Rail(strings, hands.reframe);
    this.filters = new FilterPanel(byId("filters"), strings, (filters) => hands.narrow({ filters }));
    this.closer = new Closer(byId("closer"), byId("closer-body"), strings, hands.like);
    this.tally = new Tally(tellEvents);
    const kept = (sku) => this.#came("saved", sku);
    this.hearts = new Hearts(strings, (sentence) => (byId("live").textContent = sentence), kept);
    this.results = new Results(parts(), strings, {
      hearts: this.hearts,
      open: (item) => this.#open(item),
      like: hands.like,
      again: hands.again,
      choose: hands.choose,
      clear: () => hands.narrow({ filters: NO_FILTERS }),
    });
    strings.fill(byId("stage")); // the frame's handles were only just made
    this.#listen();
  }

  /**
   * Everything that the question alone decides.
   * @param {import("./query.js").Query} query
   * @param {import("./picture.js").Picture|null} picture
   * @param {any} answer null until it is there
   */
  draw(query, picture, answer) {
    const { strings } = this;
    const another = this.query !== query;
    this.query = query;
    this.currency ??= this.shop.currency;
    this.rail.draw(query, picture);
    const beside = Boolean(picture || query.like);
    if (another) byId("refine-text").value = query.text; // drawn anew, it keeps what is being typed
    byId("refine-text").placeholder = strings.say(beside ? "refine.photo" : "refine.words");
    // Words that are the whole question are not taken away: that would leave nothing to ask.
    byId("clear-words").hidden = !query.text || !beside;
    const n = countFilters(query.filters);
    const word = strings.say(n ? "filters.open_n" : "filters.open", { n });
    byId("open-filters").classList.toggle("is-set", n > 0);
    byId("open-filters").setAttribute("aria-label", word);
    byId("open-filters-word").textContent = word;
    this.filters.shop = this.shop.facets;
    this.filters.draw(query.filters);
    this.#chips(answer);
    this.picture = picture;
    byId("keep").hidden = !picture;
    byId("keep").setAttribute("aria-pressed", String(this.kept === query));
  }

  /** Finds the things in a new photo; the box to search first, null for all of it. */
  lookInto(picture) {
    return lookInto(picture);
  }

  /** @param {boolean} fresh nothing of an earlier answer is worth keeping on show */
  searching(fresh) {
    this.results.searching(fresh);
  }

  /** @param {any} answer @param {boolean} [added] only more of what is shown */
  show(answer, added = false) {
    const { query } = this;
    this.currency = currencyOf(this.shop, answer);
    if (countFilters(query.filters) === 0) this.filters.draw(query.filters, answer.facets);
    this.#chips(answer);
    this.results.show(answer, query, { currency: this.currency, added });
    this.searchId = answer.search_id;
    if (answer.hits.length) this.#came("shown");
  }

  /** @param {import("./door.js").Problem} problem */
  fail(problem) {
    this.results.fail(problem);
  }

  #open(item) {
    this.#came("opened", item.sku);
    this.closer.open(item, this.currency);
  }

  /** Something came of the search that is on show. */
  #came(event, sku) {
    this.tally.note(event, this.searchId, sku);
  }

  #chips(answer) {
    drawChips(byId("chips"), this.query, answer?.query?.understood ?? null, {
      suggested: answer?.suggested ?? [],
      strings: this.strings,
      currency: this.currency,
      change: (filters) => this.hands.narrow({ filters }),
    });
  }

  async #keep() {
    const { query, picture } = this;
    if (this.kept === query) return;
    this.kept = query;
    byId("keep").setAttribute("aria-pressed", "true");
    if (await this.hearts.keepPhoto(query, picture.bytes)) return;
    this.kept = null;
    byId("keep").setAttribute("aria-pressed", "false");
  }

  #listen() {
    const { hands } = this;
    byId("refine").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = byId("refine-text").value.trim();
      if (text !== this.query.text) hands.narrow({ text });
    });
    byId("clear-words").addEventListener("click", () => {
      hands.narrow({ text: "" });
      byId("refine-text").focus();
    });
    byId("more").addEventListener("click", hands.more);
    byId("keep").addEventListener("click", () => this.#keep());
    byId("open-filters").addEventListener("click", () => byId("sheet").showModal());
    const wide = matchMedia("(min-width: 56rem)");
    wide.addEventListener("change", () => place(wide.matches));
    place(wide.matches);
  }
}

/** The shop's currency; where it names none, the one that all hits share. */
function currencyOf(shop, { hits }) {
  const shared = hits[0]?.currency ?? "";
  return shop.currency || (hits.every((hit) => hit.currency === shared) ? shared : "");
}

/** Filters stand beside the results where there is room, else in a sheet. */
function place(isWide) {
  byId(isWide ? "filters-side" : "filters-sheet").append(byId("filters"));
  if (isWide && byId("sheet").open) byId("sheet").close();
}

function parts() {
  return {
    section: byId("results"),
    heading: byId("results-heading"),
    count: byId("count"),
    notice: byId("notice"),
    grid: byId("grid"),
    more: byId("more"),
    live: byId("live"),
  };
}
