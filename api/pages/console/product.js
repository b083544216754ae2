/** One product in a sheet: its fields, its pictures, and taking it away. */

import { byId, el } from "../dom.js";
import { pictureAt } from "../door.js";
import { ask, productPath } from "./ask.js";
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
    await sheet(product.title || product.sku, editor.node);
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
    this.node.replaceChildren(this.#pictures(), form);
  }

  #leave() {
    this.removing = true;
    byId("sheet").close("");
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
    const input = el("input", { type: "text" });
    input.value = this.product.categories.join(", ");
    return this.#place("category", input);
  }

  #attributes() {
    const input = el("textarea", { rows: 4, spellcheck: "false" });
    input.value = Object.entries(this.product.attributes).map(([name, values]) => `${name}: ${values.join(" | ")}`).join("\n");
    return this.#place("attributes", input, true, this.strings.say("product.attributes_hint"));
  }

  #place(name, input, wide = false, hint = "") {
    input.disabled = !this.may;
    input.name = name;
    this.inputs.set(name, input);
    const line = field(this.strings.say(`field.${name}`), input, hint);
    line.classList.toggle("wide", wide);
    return line;
  }

  /** What the form says that the product does not. */
  #said() {
    const { product } = this;
    const value = (name) => this.inputs.get(name).value;
    const said = {};
    for (const name of TEXTS) if (value(name) !== product[name]) said[name] = value(name);
    for (const name of ["price", "stock"]) {
      const number = value(name) === "" ? null : Number(value(name));
      if (number !== product[name]) said[name] = number;
    }
    const categories = value("category").split(",").map((part) => part.trim()).filter(Boolean);
    if (categories.join("\n") !== product.categories.join("\n")) said.categories = categories;
    const attributes = Object.fromEntries(value("attributes").split("\n").filter((line) => line.includes(":")).map((line) => {
      const [name, ...rest] = line.split(":");
      return [name.trim(), rest.join(":").split("|").map((one) => one.trim()).filter(Boolean)];
    }).filter(([name, values]) => name && values.length));
    if (JSON.stringify(attributes) !== JSON.stringify(product.attributes)) said.attributes = attributes;
    return said;
  }

  async #save() {
    const said = this.#said();
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
      this.told.textContent = problem.sentence(this.strings);
      this.told.hidden = false;
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
      this.#draw();
      toast(this.strings.say("products.kept", { sku: this.product.sku }));
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }
}
