/** `/saved`: what this device has kept, youngest first; deleting is for good. */

import { priceAndStock } from "./card.js";
import { byId, el, icon } from "./dom.js";
import { deleteAllSaved, deleteSaved, Problem, saved, shop } from "./door.js";
import { loadStrings } from "./strings.js";
import { picture } from "./tile.js";

const PAGE = 24;

class SavedPage {
  /** @param {import("./strings.js").Strings} strings */
  constructor(strings) {
    this.strings = strings;
    this.items = [];
    this.next = null;
    byId("more").addEventListener("click", () => this.#load(this.next));
    byId("delete-all").addEventListener("click", () => this.#deleteAll());
    byId("language").addEventListener("click", () => {
      strings.toggle();
      strings.fill();
      this.#draw();
    });
  }

  async begin() {
    this.strings.fill();
    document.documentElement.dataset.ready = "";
    this.currency = (await shop().catch(() => ({ currency: "" }))).currency;
    await this.#load(null);
  }

  async #load(cursor) {
    const page = await this.#tried(saved(PAGE, cursor));
    if (!page) return;
    this.items.push(...page.items);
    this.next = page.next;
    this.#draw();
  }

  #draw() {
    const { strings, items } = this;
    byId("grid").replaceChildren(...items.map((item) => this.#card(item)));
    byId("count").textContent = items.length ? strings.say("saved.count", { n: items.length }) : "";
    byId("more").hidden = this.next === null;
    byId("delete-all").hidden = items.length === 0;
    if (items.length) return byId("notice").replaceChildren();
    const start = el("a", { class: "button primary", href: "/" }, strings.say("saved.start"));
    this.#notice(strings.say("saved.none"), start);
  }

  #card(item) {
    const { strings } = this;
    const gone = item.kind === "product" && !item.product;
    const name = gone ? strings.say("saved.gone") : this.#nameOf(item);
    const link = item.kind === "product" && !gone ? `/?like=${encodeURIComponent(item.sku)}` : null;
    const label = strings.say("saved.delete", { title: name });
    const remove = el("button", { type: "button", class: "card-heart", "aria-label": label }, icon("close"));
    remove.addEventListener("click", () => this.#delete(item));
    const tile = picture(gone ? null : item.image, strings);
    const image = el("div", { class: "tile" }, tile);
    const title = el(link ? "a" : "span", { class: "card-title", href: link }, name);
    const facts = item.product ? priceAndStock(item.product, strings, this.currency) : [];
    const day = new Date(item.saved_at).toLocaleDateString(strings.language, { dateStyle: "medium" });
    const when = el("p", { class: "quiet" }, strings.say("saved.at", { day }));
    const text = el("div", { class: "card-text" }, el("h2", {}, title), el("p", { class: "card-facts" }, ...facts), when);
    return el("li", { class: "card" }, image, text, el("div", { class: "over-tile" }, remove));
  }

  #nameOf(item) {
    if (item.product) return item.product.title || this.strings.say("hit.untitled");
    return item.answer.query.text || this.strings.say("saved.snap");
  }

  async #delete(item) {
    if ((await this.#tried(deleteSaved(item.id))) === null) return;
    this.items = this.items.filter((other) => other !== item);
    this.#draw();
  }

  async #deleteAll() {
    if (!confirm(this.strings.say("saved.confirm"))) return;
    if ((await this.#tried(deleteAllSaved())) === null) return;
    this.items = [];
    this.next = null;
    this.#draw();
  }

  async #tried(asked) {
    try {
      return (await asked) ?? true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#notice(error.sentence(this.strings));
      return null;
    }
  }

  #notice(sentence, ...acts) {
    const said = el("div", { class: "notice" }, el("p", {}, sentence), el("div", { class: "acts" }, ...acts));
    byId("notice").replaceChildren(said);
  }
}

await new SavedPage(await loadStrings()).begin();
