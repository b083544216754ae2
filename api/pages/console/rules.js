/** The fourth room: rules that pin, boost or bury products, with a look before they act. */

import { byId, el } from "../dom.js";
import { ask } from "./ask.js";
import { button, field, number, sheet, small, sure, toast } from "./parts.js";

const KINDS = ["picture", "words", "both", "like"];

export class Rules {
  constructor(place, strings, acts) {
    this.place = place;
    this.strings = strings;
    this.may = acts.has("write_rules");
  }

  enter() {
    const { strings } = this;
    this.list = el("div", { class: "spaces" });
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("rules.heading")),
      el("p", { class: "quiet" }, strings.say("rules.lead")),
      ...(this.may ? [el("div", { class: "acts" }, button(strings.say("rules.add"), () => this.#edit({ act: "pin", skus: [], kinds: [], words: [], enabled: true }), "primary"))] : []),
      this.list);
    this.#load();
  }

  async #load() {
    try {
      const { rules } = await ask("/v1/rules");
      this.list.replaceChildren(...rules.map((rule) => this.#row(rule)));
      if (rules.length === 0) this.list.append(el("p", { class: "quiet" }, this.strings.say("rules.none")));
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }

  #row(rule) {
    const { strings } = this;
    const moved = rule.act === "pin" ? rule.skus.join(", ") : rule.products;
    const said = strings.say(`rules.${rule.act}_is`, { what: moved });
    const when = rule.words.length ? strings.say("rules.when_words", { words: rule.words.join(" / ") }) : strings.say("rules.always");
    return el("article", { class: "space", "data-rule": rule.name },
      el("div", {}, el("h3", {}, rule.name), el("p", {}, said), el("p", { class: "hint" }, rule.enabled ? when : strings.say("rules.off"))),
      this.may && el("div", { class: "acts" },
        button(strings.say("rules.change"), () => this.#edit(rule), "small"),
        button(strings.say("product.delete"), () => this.#remove(rule.name), "small")));
  }

  async #remove(name) {
    const { strings } = this;
    if (!(await sure(strings, strings.say("rules.sure", { name }), strings.say("product.delete")))) return;
    try {
      await ask(`/v1/rules/${encodeURIComponent(name)}`, { method: "DELETE" });
    } catch (problem) {
      toast(problem.sentence(strings));
    }
    this.#load();
  }

  async #edit(rule) {
    const form = new RuleForm(rule, this.strings);
    await sheet(rule.name || this.strings.say("rules.add"), form.node);
    if (form.kept) this.#load();
  }
}

class RuleForm {
  constructor(rule, strings) {
    this.rule = rule;
    this.strings = strings;
    this.kept = false;
    this.inputs = {};
    const text = (name, value, hint) => this.#put(name, el("input", { type: "text", value: value ?? "" }), hint);
    const act = el("select", {}, ...["pin", "boost", "bury"].map((one) => el("option", { value: one, selected: one === rule.act }, strings.say(`rules.${one}`))));
    act.addEventListener("change", () => this.#fit());
    const kind = el("select", {}, el("option", { value: "" }, strings.say("rules.any_kind")), ...KINDS.map((one) => el("option", { value: one, selected: rule.kinds?.[0] === one }, strings.say(`rules.kind_${one}`))));
    const enabled = el("input", { type: "checkbox", checked: rule.enabled !== false });
    this.told = el("p", { class: "told wide", role: "alert", hidden: true });
    this.seen = el("div", { class: "beside wide" });
    this.inputs.enabled = enabled;
    this.node = el("form", { class: "fields" },
      text("name", rule.name), this.#put("act", act),
      text("skus", rule.skus?.join(", "), strings.say("rules.skus_hint")),
      text("products", rule.products, strings.say("rules.products_hint")),
      text("words", rule.words?.join(", "), strings.say("rules.words_hint")), this.#put("kind", kind),
      el("label", { class: "tick wide" }, enabled, el("span", {}, strings.say("rules.enabled"))),
      text("try", rule.words?.[0], strings.say("rules.try_hint")),
      this.told,
      el("div", { class: "acts wide" },
        el("button", { type: "submit", class: "button primary" }, strings.say("product.save")),
        button(strings.say("rules.preview"), () => this.#preview())),
      this.seen);
    this.inputs.name.required = true;
    if (rule.name) this.inputs.name.disabled = true;
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#fit();
  }

  #put(name, input, hint = "") {
    this.inputs[name] = input;
    input.name = name;
    return field(this.strings.say(`rules.field_${name}`), input, hint);
  }

  /** A pin names products, the others say which by a filter. */
  #fit() {
    const pins = this.inputs.act.value === "pin";
    this.inputs.skus.closest("label").hidden = !pins;
    this.inputs.products.closest("label").hidden = pins;
  }

  #said() {
    const { inputs } = this;
    const parts = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);
    const act = inputs.act.value;
    const { place = 0, when = "", strength = null, from_at = null, until_at = null } = this.rule;
    return {
      act, place, when, from_at, until_at, strength: act === "pin" ? null : strength,
      skus: act === "pin" ? parts(inputs.skus.value) : [],
      products: act === "pin" ? "" : inputs.products.value.trim(),
      words: parts(inputs.words.value), kinds: inputs.kind.value ? [inputs.kind.value] : [],
      enabled: inputs.enabled.checked,
    };
  }

  #fail(problem) {
    this.told.textContent = problem.sentence(this.strings);
    this.told.hidden = false;
  }

  async #save() {
    try {
      await ask(`/v1/rules/${encodeURIComponent(this.inputs.name.value.trim())}`, { method: "PUT", json: this.#said() });
      this.kept = true;
      byId("sheet").close("");
    } catch (problem) {
      this.#fail(problem);
    }
  }

  async #preview() {
    this.told.hidden = true;
    const name = this.inputs.name.value.trim() || "?";
    const json = { text: this.inputs.try.value.trim(), top: 10, rules: [{ name, ...this.#said(), enabled: true }] };
    try {
      const told = await ask("/v1/rules/preview", { method: "POST", json });
      this.seen.replaceChildren(...["before", "after"].map((when) => this.#hits(told[when] ?? [], this.strings.say(`rules.${when}`))));
    } catch (problem) {
      this.#fail(problem);
    }
  }

  #hits(hits, heading) {
    return el("section", { class: "answer" }, el("h3", {}, heading),
      el("ol", { class: "hits" }, ...hits.map((hit) =>
        el("li", { class: hit.moved?.length || hit.rules?.length ? "moved" : "" }, small(hit.image), el("span", {}, hit.title || hit.sku),
          el("b", {}, number(this.strings, hit.probability * 100), " %")))));
  }
}
