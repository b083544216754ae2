/** The second room: the whole catalogue, page by page, and each product to be changed. */

import { el } from "../dom.js";
import { ask } from "./ask.js";
import { number, small, toast } from "./parts.js";
import { editProduct } from "./product.js";

const AT_ONCE = 50;
const FIGURES = new Set(["price", "stock", "pictures"]);

export class Products {
  constructor(place, strings, acts) {
    this.place = place;
    this.strings = strings;
    this.acts = acts;
    this.after = [""];
  }

  enter() {
    const { strings } = this;
    this.words = el("input", { type: "search", id: "browse-words", maxlength: 200, placeholder: strings.say("products.example"), "aria-label": strings.say("products.words") });
    this.filter = el("select", { id: "browse-filter", "aria-label": strings.say("products.filter") },
      ...[["", "all"], ["stock=0", "no_stock"], ["not price>=0", "no_price"], ["not title!=''", "no_title"]].map(
        ([value, key]) => el("option", { value }, strings.say(`products.${key}`))));
    this.body = el("tbody");
    this.count = el("p", { class: "quiet", role: "status" });
    this.foot = el("div", { class: "acts pager" });
    const form = el("form", { class: "bar", role: "search" }, this.words, this.filter,
      el("button", { type: "submit", class: "button primary" }, strings.say("products.go")));
    const again = () => {
      this.after = [""];
      this.#load();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      again();
    });
    this.filter.addEventListener("change", again);
    const head = ["picture", "sku", "title", "price", "stock", "category", "pictures"].map((key) =>
      el("th", { scope: "col", class: FIGURES.has(key) && "figure" }, strings.say(`products.${key}`)));
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("products.heading")), form, this.count,
      el("div", { class: "scroll" }, el("table", { class: "rows products" }, el("thead", {}, el("tr", {}, ...head)), this.body)),
      this.foot);
    this.#load();
  }

  async #load() {
    const { strings } = this;
    const asked = new URLSearchParams({ words: this.words.value, filter: this.filter.value, after: this.after.at(-1), limit: AT_ONCE });
    try {
      const page = await ask(`/v1/catalogue?${asked}`);
      this.count.textContent = strings.say("products.count", { n: page.total, shown: number(strings, page.total) });
      this.body.replaceChildren(...page.products.map((product) => this.#row(product)));
      this.#pager(page.next);
    } catch (problem) {
      this.count.textContent = problem.sentence(strings);
      this.body.replaceChildren();
      this.foot.replaceChildren();
    }
  }

  #pager(next) {
    const back = el("button", { type: "button", class: "button", disabled: this.after.length < 2 }, this.strings.say("products.back"));
    const on = el("button", { type: "button", class: "button", disabled: !next }, this.strings.say("products.on"));
    back.addEventListener("click", () => this.#turn(() => this.after.pop()));
    on.addEventListener("click", () => this.#turn(() => this.after.push(next)));
    this.foot.replaceChildren(back, on);
  }

  async #turn(move) {
    move();
    await this.#load();
    this.count.scrollIntoView({ block: "nearest" });
  }

  #row(product) {
    const { strings } = this;
    const open = el("button", { type: "button", class: "link strong", "data-sku": product.sku }, product.title || strings.say("products.untitled"));
    open.addEventListener("click", () => this.#edit(product.sku, open));
    return el("tr", {},
      el("td", {}, small(product.image)),
      el("td", { class: "sku" }, product.sku),
      el("td", {}, open, el("small", { class: "sku" }, product.sku)),
      el("td", { class: "figure" }, this.#cell(product, "price")),
      el("td", { class: "figure" }, this.#cell(product, "stock")),
      el("td", {}, product.categories.join(", ")),
      el("td", { class: "figure" }, number(strings, product.pictures)));
  }

  /** A price or a stock that is changed where it stands: Enter or leaving keeps it, Escape does not. */
  #cell(product, name) {
    if (!this.acts.has("write_product")) return product[name] ?? "–";
    const shown = product[name] ?? "";
    const input = el("input", {
      type: "number", min: 0, step: name === "price" ? "any" : 1, value: shown, class: "inline",
      "aria-label": this.strings.say(`products.of_${name}`, { sku: product.sku }),
    });
    const keep = async () => {
      const said = input.value === "" ? null : Number(input.value);
      if (said === (product[name] ?? null)) return;
      try {
        await ask(`/v1/products/${encodeURIComponent(product.sku)}`, { method: "PUT", json: { [name]: said } });
        product[name] = said;
        toast(this.strings.say("products.kept", { sku: product.sku }));
      } catch (problem) {
        input.value = product[name] ?? "";
        toast(problem.sentence(this.strings));
      }
    };
    input.addEventListener("change", keep);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") input.blur();
      if (event.key === "Escape") input.value = product[name] ?? "";
    });
    return input;
  }

  async #edit(sku, opener) {
    const changed = await editProduct(sku, this.strings, this.acts);
    if (changed) await this.#load();
    else opener.focus();
  }
}
