/** One product in a sheet: its fields, its pictures, and taking it away. */

import { byId, el } from "../dom.js";
import { pictureAt } from "../door.js";
import { ask, productPath } from "./ask.js";
import { Lines, Unclear, joined, readAttribute } from "./form.js";
import { button, field, sheet, sure, toast } from "./parts.js";

const TEXTS = ["title", "description", "brand", "colour", "size", "group", "store", "url", "currency"];

/**
 * Opens the product; true if anything was changed.
 * @param {string} sku @param {import("../strings.js").Strings} strings @param {Set<string>} acts
 */
export async function editProduct(sku, strings, acts) {
  try {
    const product = await ask(productPath(sku));
    const editor = new Editor(product, strings, acts);
    const closed = sheet(product.title || product.sku, editor.node);
    const stop = editor.guard(byId("sheet"));
    await closed;
    stop();
    if (editor.removing) return await editor.remove();
    return editor.changed;
  } catch (problem) {
    toast(problem.sentence(strings));
    return false;
  }
}

class Editor {
  constructor(product, strings, acts) {
    this.product = product;
    this.strings = strings;
    this.changed = false;
    this.removing = false;
    this.may = acts.has("write_product");
    this.node = el("div", { class: "editor" });
    this.#draw();
  }

  /**
   * Asks before `dialog` closes over edits that were not kept, by whatever way.
   * @param {HTMLElement} dialog @returns {() => void} ends it
   */
  guard(dialog) {
    const ended = new AbortController();
    const hold = (event) => {
      if (this.leaving || !this.#isEdited()) return;
      event.preventDefault();
      event.stopPropagation();
      this.#askToLeave();
    };
    const listen = (name, act) => dialog.addEventListener(name, act, { capture: true, signal: ended.signal });
    listen("cancel", hold);
    listen("keydown", (event) => event.key === "Escape" && hold(event)); // a second cancel cannot be held
    listen("click", (event) => (event.target === dialog || event.target.closest("[data-close]")) && hold(event));
    return () => ended.abort();
  }

  /** Asks, and takes the product away. */
  async remove() {
    const { sku } = this.product;
    const { strings } = this;
    if (!(await sure(strings, strings.say("product.sure", { sku }), strings.say("product.delete")))) return this.changed;
    await ask(productPath(sku), { method: "DELETE" });
    toast(strings.say("product.deleted", { sku }));
    return true;
  }

  #draw() {
    const { strings, product } = this;
    this.inputs = new Map();
    this.drawn = new Map();
    const form = el("form", { class: "fields" },
      el("p", { class: "hint wide" }, product.sku),
      ...TEXTS.map((name) => this.#text(name)),
      this.#number("price", "any"), this.#number("stock", "1"), this.#categories(), this.#attributes());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.told = el("p", { class: "told wide", role: "alert", hidden: true });
    if (this.may) {
      form.append(this.told, el("div", { class: "acts wide" },
        el("button", { type: "submit", class: "button primary" }, strings.say("product.save")),
        button(strings.say("product.delete"), () => this.#leave(), "alarm")));
    }
    this.pictures = this.#pictures();
    this.node.replaceChildren(this.pictures, form);
  }

  #leave() {
    this.removing = true;
    byId("sheet").close("");
  }

  #isEdited() {
    return [...this.inputs].some(([name, input]) => input.value !== this.drawn.get(name));
  }

  #askToLeave() {
    const { strings } = this;
    const stay = button(strings.say("product.go_on"), () => (this.told.hidden = true));
    const leave = button(strings.say("product.throw_away"), () => {
      this.leaving = true;
      byId("sheet").close("");
    }, "alarm");
    this.#tell(strings.say("product.unkept"), el("span", { class: "acts" }, stay, leave));
    stay.focus();
  }

  #tell(sentence, ...more) {
    this.told.replaceChildren(sentence, ...more);
    this.told.hidden = false;
    this.told.scrollIntoView({ block: "nearest" });
  }

  #text(name) {
    const long = name === "description";
    const input = long ? el("textarea", { rows: 4 }) : el("input", { type: "text" });
    input.value = this.product[name];
    return this.#place(name, input, long || name === "title");
  }

  #number(name, step) {
    const input = el("input", { type: "number", min: 0, step });
    input.value = this.product[name] ?? "";
    return this.#place(name, input);
  }

  #categories() {
    const input = el("textarea", { rows: 2 });
    this.categories = new Lines(this.product.categories.map((one) => [one, one]));
    input.value = this.categories.text;
    return this.#place("category", input, true, this.strings.say("product.categories_hint"));
  }

  #attributes() {
    const input = el("textarea", { rows: 4, spellcheck: "false" });
    this.attributes = new Lines(Object.entries(this.product.attributes).map(([name, values]) => [`${name}: ${values.join(" | ")}`, [name, values]]));
    input.value = this.attributes.text;
    return this.#place("attributes", input, true, this.strings.say("product.attributes_hint"));
  }

  #place(name, input, wide = false, hint = "") {
    input.disabled = !this.may;
    input.name = name;
    this.inputs.set(name, input);
    this.drawn.set(name, input.value);
    const line = field(this.strings.say(`field.${name}`), input, hint);
    line.classList.toggle("wide", wide);
    return line;
  }

  /** What the form says that the product does not. */
  #said() {
    const value = (name) => this.inputs.get(name).value;
    const said = {};
    const edited = (name) => value(name) !== this.drawn.get(name);
    for (const name of TEXTS) if (edited(name)) said[name] = value(name);
    for (const name of ["price", "stock"]) {
      if (edited(name)) said[name] = value(name) === "" ? null : Number(value(name));
    }
    if (edited("category")) said.categories = this.categories.values(value("category"), (line) => line);
    if (edited("attributes")) said.attributes = joined(this.attributes.values(value("attributes"), readAttribute));
    return said;
  }

  async #save() {
    let said;
    try {
      said = this.#said();
    } catch (unclear) {
      if (!(unclear instanceof Unclear)) throw unclear;
      this.#tell(this.strings.say("product.unclear", { line: unclear.line }));
      this.inputs.get("attributes").focus();
      return;
    }
    if (Object.keys(said).length === 0) {
      byId("sheet").close("");
      return;
    }
    try {
      this.product = await ask(productPath(this.product.sku), { method: "PUT", json: said });
      this.changed = true;
      toast(this.strings.say("products.kept", { sku: this.product.sku }));
      byId("sheet").close("");
    } catch (problem) {
      this.#tell(problem.sentence(this.strings));
    }
  }

  #pictures() {
    const { strings, product } = this;
    const all = product.pictures.map((_, number) => number);
    const one = (path, number) => {
      const bar = el("div", { class: "picture-acts" });
      if (this.may && number > 0) {
        bar.append(button(strings.say("product.first"), () => this.#repicture([number, ...all.filter((n) => n !== number)]), "small"));
      }
      if (this.may && all.length > 1) {
        bar.append(button(strings.say("product.drop"), () => this.#repicture(all.filter((n) => n !== number)), "small"));
      }
      const address = `${pictureAt(path, 320)}&v=${this.version ?? 0}`;
      return el("li", {}, el("img", { src: address, alt: strings.say("product.picture", { n: number + 1 }) }), bar);
    };
    const input = el("input", { type: "file", accept: "image/*,.heic,.heif", multiple: true, class: "unseen", id: "more-pictures" });
    input.addEventListener("change", () => this.#repicture(all, [...input.files]));
    return el("div", { class: "pictures-box" },
      el("ul", { class: "pictures", role: "list" }, ...product.pictures.map(one)),
      ...(this.may ? [input, button(strings.say("product.add"), () => input.click(), "small")] : []));
  }

  async #repicture(keep, files = []) {
    const form = new FormData();
    form.set("keep", keep.join(","));
    for (const file of files) form.append("image", file);
    try {
      this.product = await ask(`${productPath(this.product.sku)}/pictures`, { method: "PUT", body: form });
      this.changed = true;
      this.version = (this.version ?? 0) + 1;
      const before = this.pictures;
      this.pictures = this.#pictures();
      before.replaceWith(this.pictures); // the fields keep what is being written in them
      toast(this.strings.say("products.kept", { sku: this.product.sku }));
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }
}
