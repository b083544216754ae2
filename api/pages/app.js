/** The page put together: a question becomes a step of the trail, its answer is drawn. */

import { byId } from "./dom.js";
import { Problem, search, shop } from "./door.js";
import { Intake } from "./intake.js";
import { Pictures } from "./picture.js";
import { asksNothing, MOST, NOTHING, PAGE, queryFrom } from "./query.js";
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
    this.intake = new Intake(
      strings,
      (file) => this.#taken(file),
      () => this.#onlyLink(),
    );
    this.#listen();
  }

  get query() {
    return this.trail.step.query;
  }

  /** Opens the page at what its address asks. */
  async begin() {
    this.strings.fill();
    const { query, lostPhoto } = queryFrom(location.search);
    this.trail.begin(query);
    if (lostPhoto && asksNothing(query)) this.#tell("start.forgotten");
    if (!asksNothing(query)) await this.#second();
    this.#draw();
    if (!asksNothing(query)) this.#search({ fresh: true });
    document.documentElement.dataset.ready = "";
    performance.mark("ready");
    this.opening = this.#openShop();
    await this.opening;
    this.#second(); // now, so that the first answer need not wait for it
  }

  async #openShop() {
    const opened = await shop().catch(() => null); // the page works without; a search says what is wrong
    if (!opened) return;
    Object.assign(this.shop, opened);
    this.#lead();
    this.#draw();
    const ask = (query) => this.#ask(query);
    drawTiles(byId("browse"), byId("tiles"), opened.windows, this.strings, ask);
  }

  /** The second sight, fetched once; null where the shop cannot be reached. */
  #second() {
    this.loading ??= import("./found.js").then(
      ({ Found }) => (this.found = new Found(this.strings, this.#hands(), this.shop)),
      () => (this.loading = null),
    );
    return this.loading;
  }

  /** Says something on the first sight, or nothing (null). */
  #tell(key) {
    byId("told").hidden = key === null;
    byId("told").textContent = key === null ? "" : this.strings.say(key);
  }

  #hands() {
    return {
      like: (sku) => this.#ask({ ...NOTHING, like: sku, filters: this.query.filters }),
      again: () => (asksNothing(this.query) ? this.intake.choose() : this.#search({ fresh: true })),
      choose: () => this.intake.choose(),
      more: () => this.#more(),
      narrow: (some) => this.#narrow({ ...this.query, ...some }),
      reframe: (box) => this.#reframe(box),
    };
  }

  #lead() {
    const { name } = this.shop;
    byId("lead").textContent = this.strings.say(name ? "start.lead_shop" : "start.lead", { shop: name });
  }

  #listen() {
    byId("words").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = byId("words-text").value.trim();
      if (text) this.#ask({ ...NOTHING, text });
    });
    byId("home").addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab is wanted
      event.preventDefault();
      this.#ask(NOTHING);
    });
    byId("back").addEventListener("click", () => history.back());
    byId("language").addEventListener("click", () => this.#translate());
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
      });
    }
  }

  async #taken(file) {
    byId("busy").hidden = false; // large photos take a while to make ready
    const picture = await this.pictures.take(file);
    picture.meant = await this.#meant(picture);
    byId("busy").hidden = true;
    await this.#ask({ ...NOTHING, picture: picture.id, box: picture.meant });
  }

  /** The box of a new photo to search first: its most prominent thing, or null for all of it. */
  async #meant(picture) {
    await this.opening; // the shop tells whether it looks for things
    if (!this.shop.regions || !(await this.#second())) return null;
    return this.found.lookInto(picture);
  }

  /** A new question: a new step, seen from the top. */
  async #ask(query) {
    this.#tell(null);
    if (!(await this.#second())) return this.#tell("error.offline");
    this.trail.push(query);
    this.#draw();
    scrollTo({ top: 0, behavior: "instant" });
    if (!asksNothing(query)) this.#search({ fresh: true });
    this.#focusHeading();
  }

  /** The same question with other words or filters: a new step, but the focus stays. */
  #narrow(query) {
    if (asksNothing(query)) return void this.#ask(NOTHING);
    this.trail.push({ ...query, top: PAGE });
    this.#draw();
    if (byId("findings").getBoundingClientRect().top < 0) byId("findings").scrollIntoView();
    this.#search({ fresh: false });
  }

  /** The frame was moved: the same step, so that Back does not retrace every drag. */
  #reframe(box) {
    this.trail.replace({ ...this.query, box, top: PAGE });
    this.#draw();
    this.#search({ fresh: false });
  }

  #more() {
    this.trail.replace({ ...this.query, top: Math.min(MOST, this.query.top + PAGE) });
    this.#draw();
    this.#search({ fresh: false, added: true });
  }

  async #arrive(step) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    if (!step.known) this.trail.step.query = queryFrom(location.search).query;
    if (!(await this.#second())) return;
    this.#draw();
    if (this.trail.step.answer) this.found.show(this.trail.step.answer);
    else if (!asksNothing(this.query)) this.#search({ fresh: true });
    scrollTo({ top: step.scroll, behavior: "instant" });
    this.#focusHeading();
  }

  #focusHeading() {
    byId(asksNothing(this.query) ? "start-heading" : "results-heading").focus({ preventScroll: true });
  }

  /** Everything that the question alone decides. */
  #draw() {
    const { query, strings } = this;
    const nothing = asksNothing(query);
    byId("start").hidden = !nothing;
    byId("found").hidden = nothing;
    byId("back").hidden = this.trail.depth === 0;
    if (!nothing) {
      this.found.draw(query, this.pictures.find(query.picture), this.trail.step.answer);
      return;
    }
    this.running?.abort();
    byId("busy").hidden = true;
    const open = (id) => this.#ask({ ...NOTHING, picture: id, box: this.pictures.find(id)?.meant ?? null });
    drawRecent(byId("recent"), byId("recent-list"), this.pictures.recent(RECENT), strings, open);
  }

  /** Asks the door; a later question makes an earlier one moot. */
  async #search({ fresh, added = false }) {
    this.running?.abort();
    this.running = new AbortController();
    const { step } = this.trail;
    const { query } = step;
    const { signal } = this.running;
    this.found.searching(fresh);
    byId("busy").hidden = false;
    try {
      const bytes = this.pictures.find(query.picture)?.bytes ?? null;
      step.answer = await search(query, bytes, signal);
      if (this.trail.step === step && step.query === query) this.found.show(step.answer, added);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      step.problem = error;
      this.found.fail(error);
    } finally {
      if (!signal.aborted) byId("busy").hidden = true;
    }
  }

  /** A link was dropped: it says so where the results would be, and asks for the picture. */
  async #onlyLink() {
    const found = await this.#second();
    if (!found) return;
    byId("start").hidden = true;
    byId("found").hidden = false;
    found.draw(this.query, this.pictures.find(this.query.picture), null);
    found.fail(new Problem("link", this.strings.say("error.link")));
  }

  #translate() {
    this.strings.toggle();
    this.strings.fill();
    this.#lead();
    this.#draw();
    const { answer, problem } = this.trail.step;
    if (answer) this.found.show(answer);
    else if (problem) this.found.fail(problem);
  }
}

await new App(await loadStrings()).begin();
