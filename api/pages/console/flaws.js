/** Pictures that do a product no good: duplicates, broken, missing, tiny, blank, dead links. */

import { el } from "../dom.js";
import { ask } from "./ask.js";
import { counted, number, small } from "./parts.js";
import { editProduct } from "./product.js";

export class Flaws {
  constructor(place, strings, acts) {
    this.place = place;
    this.strings = strings;
    this.acts = acts;
    this.kind = "";
  }

  enter() {
    const { strings } = this;
    this.kinds = el("div", { class: "acts", role: "group", "aria-label": strings.say("flaws.kinds") });
    this.body = el("tbody");
    this.told = el("p", { class: "quiet", role: "status" });
    this.more = el("button", { type: "button", class: "button", hidden: true }, strings.say("products.on"));
    this.more.addEventListener("click", () => this.#load(this.next));
    const head = ["picture", "sku", "what", "beside"].map((key) => el("th", { scope: "col" }, strings.say(`flaws.${key}`)));
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("flaws.heading")),
      el("p", { class: "quiet" }, strings.say("flaws.lead")), this.kinds, this.told,
      el("div", { class: "scroll" }, el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...head)), this.body)),
      el("div", { class: "acts pager" }, this.more));
    this.#load();
  }

  async #load(after = null) {
    const { strings } = this;
    const asked = new URLSearchParams({ limit: "50" });
    if (this.kind) asked.set("kind", this.kind);
    if (after) asked.set("after", after);
    else this.told.textContent = strings.say("flaws.looking");
    try {
      const page = await ask(`/v1/flaws?${asked}`);
      this.next = page.next;
      this.more.hidden = !page.next;
      this.#count(page);
      const rows = page.flaws.map((flaw) => this.#row(flaw));
      if (after) this.body.append(...rows);
      else this.body.replaceChildren(...rows);
    } catch (problem) {
      this.told.textContent = problem.sentence(strings);
    }
  }

  #count({ counts, unseen }) {
    const { strings } = this;
    const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
    const kinds = [["", total], ...Object.entries(counts).filter(([, n]) => n > 0)];
    this.kinds.replaceChildren(...kinds.map(([kind, n]) => {
      const word = `${strings.say(`flaws.${kind || "all"}`)} (${number(strings, n)})`;
      const option = el("button", { type: "button", class: "option", "aria-pressed": String(kind === this.kind) }, word);
      option.addEventListener("click", () => {
        this.kind = kind;
        this.#load();
      });
      return option;
    }));
    this.told.textContent = unseen ? strings.say("flaws.unseen", counted(strings, unseen)) : total ? "" : strings.say("flaws.none");
  }

  #row(flaw) {
    const open = el("button", { type: "button", class: "link strong", "data-sku": flaw.sku }, flaw.sku);
    open.addEventListener("click", async () => {
      if (await editProduct(flaw.sku, this.strings, this.acts)) this.#load();
      else open.focus();
    });
    return el("tr", { "data-flaw": flaw.kind },
      el("td", {}, ["broken", "missing", "dead_link"].includes(flaw.kind) ? "" : small(flaw.image)),
      el("td", {}, open), el("td", {}, `${this.strings.say(`flaws.${flaw.kind}`)}: ${flaw.detail}`),
      el("td", {}, el("span", { class: "acts" }, ...flaw.others.slice(0, 5).map((like) => small(like.image)))));
  }
}
