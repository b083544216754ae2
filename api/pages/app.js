/** The page put together: a question becomes a step of the trail, its answer is drawn. */

import { drawChips } from "./chips.js";
import { Closer } from "./closer.js";
import { byId } from "./dom.js";
import { Problem, search, shop } from "./door.js";
import { FilterPanel } from "./filters.js";
import { Intake } from "./intake.js";
import { Pictures } from "./picture.js";
import { asksNothing, countFilters, MOST, NO_FILTERS, NOTHING, PAGE, queryFrom } from "./query.js";
import { Rail } from "./rail.js";
import { Results } from "./results.js";
import { drawRecent, drawTiles } from "./start.js";
import { loadStrings } from "./strings.js";
import { Trail } from "./trail.js";

const RECENT = 6;

class App {
  /** @param {import("./strings.js").Strings} strings */
  constructor(strings) {
    this.strings = strings;
    this.pictures = new Pictures();
    this.shop = { name: "", currency: "", facets: {} };
    this.trail = new Trail((step) => this.#arrive(step));
    this.rail = new Rail(strings, (box) => this.#reframe(box));
    this.filters = new FilterPanel(byId("filters"), strings, (filters) => this.#narrow({ ...this.query, filters }));
    this.closer = new Closer(byId("closer"), byId("closer-body"), strings, (sku) => this.#like(sku));
    this.intake = new Intake(strings, (file) => this.#taken(file), () => this.#fail(new Problem("link", strings.say("error.link"))));
    this.results = new Results(resultParts(), strings, {
      open: (item) => this.closer.open(item, this.currency),
      like: (sku) => this.#like(sku),
      again: () => (asksNothing(this.query) ? this.intake.choose() : this.#search({ fresh: true })),
      choose: () => this.intake.choose(),
      clear: () => this.#narrow({ ...this.query, filters: NO_FILTERS }),
    });
    this.#listen();
  }

  get query() {
    return this.trail.step.query;
  }

  get currency() {
    return this.shop.currency;
  }

  /** Opens the page at what its address asks. */
  begin() {
    this.strings.fill();
    this.#place();
    const { query, lostPhoto } = queryFrom(location.search);
    this.trail.begin(query);
    byId("forgotten").hidden = !(lostPhoto && asksNothing(query));
    this.#draw();
    if (!asksNothing(query)) this.#search({ fresh: true });
    document.documentElement.dataset.ready = "";
    this.#openShop();
  }

  async #openShop() {
    const opened = await shop().catch(() => null); // the page works without its name; a search will say what is wrong
    if (!opened) return;
    this.shop = opened;
    this.filters.shop = opened.facets;
    this.#lead();
    this.#draw();
    await drawTiles(byId("browse"), byId("tiles"), opened, (query) => this.#ask(query));
  }

  #lead() {
    const { name } = this.shop;
    byId("lead").textContent = this.strings.say(name ? "start.lead_shop" : "start.lead", { shop: name });
  }

  #listen() {
    byId("refine").addEventListener("submit", (event) => this.#refined(event));
    byId("words").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = byId("words-text").value.trim();
      if (text) this.#ask({ ...NOTHING, text });
    });
    byId("home").addEventListener("click", (event) => {
      event.preventDefault();
      this.#ask(NOTHING);
    });
    byId("back").addEventListener("click", () => history.back());
    byId("more").addEventListener("click", () => this.#more());
    byId("language").addEventListener("click", () => this.#translate());
    byId("open-filters").addEventListener("click", () => byId("sheet").showModal());
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
      });
    }
    this.wide = matchMedia("(min-width: 56rem)");
    this.wide.addEventListener("change", () => this.#place());
  }

  /** Filters stand beside the results where there is room, else in a sheet. */
  #place() {
    byId(this.wide.matches ? "filters-side" : "filters-sheet").append(byId("filters"));
    if (this.wide.matches && byId("sheet").open) byId("sheet").close();
  }

  async #taken(file) {
    const picture = await this.pictures.take(file);
    this.#ask({ ...NOTHING, picture: picture.id });
  }

  #like(sku) {
    this.#ask({ ...NOTHING, like: sku, filters: this.query.filters });
  }

  /** A new question: a new step, seen from the top. */
  #ask(query) {
    this.trail.push(query);
    byId("forgotten").hidden = true;
    this.#draw();
    scrollTo({ top: 0, behavior: "instant" });
    if (asksNothing(query)) {
      byId("start-heading").focus();
      return;
    }
    this.#search({ fresh: true });
    byId("results-heading").focus({ preventScroll: true });
  }

  /** The same question with other words or filters: a new step, but the focus stays. */
  #narrow(query) {
    if (asksNothing(query)) return this.#ask(NOTHING);
    this.trail.push({ ...query, top: PAGE });
    this.#draw();
    if (byId("findings").getBoundingClientRect().top < 0) byId("findings").scrollIntoView();
    return this.#search({ fresh: false });
  }

  #refined(event) {
    event.preventDefault();
    const text = byId("refine-text").value.trim();
    if (text !== this.query.text) this.#narrow({ ...this.query, text });
  }

  /** The frame was moved: the same step, so that Back does not retrace every drag. */
  #reframe(box) {
    this.trail.replace({ ...this.query, box, top: PAGE });
    this.#draw();
    this.#search({ fresh: false });
  }

  #more() {
    this.trail.replace({ ...this.query, top: Math.min(MOST, this.query.top + PAGE) });
    this.#search({ fresh: false, added: true });
  }

  #arrive(step) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    if (!step.known) {
      step.query = queryFrom(location.search).query;
      this.trail.step.query = step.query;
    }
    this.#draw();
    if (step.answer) this.#show(step.answer);
    else if (!asksNothing(step.query)) this.#search({ fresh: true });
    scrollTo({ top: step.scroll, behavior: "instant" });
    byId(asksNothing(step.query) ? "start-heading" : "results-heading").focus({ preventScroll: true });
  }

  /** Everything that the question alone decides. */
  #draw() {
    const { query, strings } = this;
    const nothing = asksNothing(query);
    byId("start").hidden = !nothing;
    byId("found").hidden = nothing;
    byId("back").hidden = this.trail.depth === 0;
    document.body.classList.toggle("is-start", nothing);
    if (nothing) {
      this.running?.abort();
      drawRecent(byId("recent"), byId("recent-list"), this.pictures.recent(RECENT), strings, (id) => this.#ask({ ...NOTHING, picture: id }));
      return;
    }
    const picture = this.pictures.find(query.picture);
    this.rail.draw(query, picture);
    byId("refine-text").value = query.text;
    byId("refine-text").placeholder = strings.say(picture || query.like ? "refine.photo" : "refine.words");
    const n = countFilters(query.filters);
    byId("open-filters").classList.toggle("is-set", n > 0);
    byId("open-filters").setAttribute("aria-label", strings.say(n ? "filters.open_n" : "filters.open", { n }));
    byId("open-filters-word").textContent = strings.say(n ? "filters.open_n" : "filters.open", { n });
    this.filters.draw(query.filters);
    this.#chips(this.trail.step.answer);
  }

  #chips(answer) {
    const understood = answer?.query?.understood ?? null;
    drawChips(byId("chips"), this.query, understood, {
      strings: this.strings,
      currency: this.currency,
      change: (query) => this.#narrow(query),
    });
  }

  /** Asks the door; a later question makes an earlier one moot. */
  async #search({ fresh, added = false }) {
    this.running?.abort();
    this.running = new AbortController();
    const { step } = this.trail;
    const { query } = step;
    this.results.searching(fresh);
    try {
      const bytes = this.pictures.find(query.picture)?.bytes ?? null;
      const answer = await search(query, bytes, this.running.signal);
      step.answer = answer;
      if (this.trail.step === step && step.query === query) this.#show(answer, added);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      this.results.fail(error);
    }
  }

  #show(answer, added = false) {
    if (countFilters(this.query.filters) === 0) this.filters.draw(this.query.filters, answer.facets);
    this.#chips(answer);
    this.results.show(answer, this.query, { currency: this.currency, added });
  }

  #fail(problem) {
    byId("start").hidden = true;
    byId("found").hidden = false;
    this.rail.draw(this.query, this.pictures.find(this.query.picture));
    this.results.fail(problem);
  }

  #translate() {
    this.strings.toggle();
    this.strings.fill();
    this.#lead();
    this.#draw();
    if (this.trail.step.answer) this.#show(this.trail.step.answer);
  }
}

function resultParts() {
  return {
    section: byId("results"), heading: byId("results-heading"), count: byId("count"), notice: byId("notice"),
    grid: byId("grid"), more: byId("more"), live: byId("live"),
  };
}

new App(await loadStrings()).begin();
