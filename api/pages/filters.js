/** The filters that suit an answer: the values found in it first, then the shop's others. */

import { el } from "./dom.js";
import { amount, NO_FILTERS } from "./query.js";
import { dot } from "./swatches.js";
import { leavesOf } from "./words.js";

const FIRST = 8;

export class FilterPanel {
  /**
   * @param {HTMLElement} node
   * @param {import("./strings.js").Strings} strings
   * @param {(filters: import("./query.js").Filters) => void} changed
   */
  constructor(node, strings, changed) {
    this.node = node;
    this.strings = strings;
    this.changed = changed;
    this.filters = NO_FILTERS;
    /** Which facets were unfolded to all their values. */
    this.unfolded = new Set();
    this.shop = {};
    this.found = {};
  }

  /**
   * @param {import("./query.js").Filters} filters
   * @param {Record<string, [string, number][]>} [found] facets of the unfiltered answer
   */
  draw(filters, found = this.found) {
    this.filters = filters;
    this.found = found;
    const { dataset, value } = this.node.contains(document.activeElement) ? document.activeElement : {};
    const held = dataset?.key;
    this.node.replaceChildren(
      ...[
        this.#choices("category", filters.category ? [filters.category] : [], {
          name: (leaf) => leaf,
          toggle: this.#one("category"),
        }),
        this.#choices("colour", filters.colours, {
          name: (colour) => this.strings.colour(colour),
          toggle: this.#several,
          dots: true,
        }),
        this.#choices("brand", filters.brand ? [filters.brand] : [], {
          name: (brand) => brand,
          toggle: this.#one("brand"),
        }),
        this.#price(),
        this.#stock(),
      ].filter(Boolean),
    );
    const again = held && this.node.querySelector(`[data-key="${CSS.escape(held)}"]`);
    if (again instanceof HTMLInputElement && amount(value) !== null) again.value = value; // still typing
    again?.focus();
  }

  #change(some) {
    this.changed({ ...this.filters, ...some });
  }

  #one(field) {
    return (value) => this.#change({ [field]: this.filters[field] === value ? null : value });
  }

  #several = (value) => {
    const { colours } = this.filters;
    this.#change({
      colours: colours.includes(value) ? colours.filter((other) => other !== value) : [...colours, value],
    });
  };

  #values(field, chosen) {
    const of = (facets) => (facets[field] ?? []).map(([value]) => value).filter(Boolean);
    const tidy = field === "category" ? leavesOf : (values) => values;
    return [...new Set([...tidy(of(this.found)), ...chosen, ...tidy(of(this.shop))])];
  }

  #choices(field, chosen, { name, toggle, dots = false }) {
    const values = this.#values(field, chosen);
    if (values.length < 2 && !chosen.length) return null;
    const shown = this.unfolded.has(field) ? values : values.slice(0, Math.max(FIRST, chosen.length));
    const options = shown.map((value) => {
      const pressed = String(chosen.includes(value));
      return el(
        "button",
        {
          type: "button",
          class: "option",
          "aria-pressed": pressed,
          "data-key": `${field} ${value}`,
          on: { click: () => toggle(value) },
        },
        dots && dot(value, null),
        name(value),
      );
    });
    if (values.length > shown.length) options.push(this.#unfold(field, values.length));
    return el(
      "fieldset",
      {},
      el("legend", {}, this.strings.say(`filters.${field}`)),
      el("div", { class: "options" }, ...options),
    );
  }

  #unfold(field, n) {
    const click = () => {
      this.unfolded.add(field);
      this.draw(this.filters);
    };
    return el(
      "button",
      { type: "button", class: "link", "data-key": `${field} more`, on: { click } },
      this.strings.say("filters.more", { n }),
    );
  }

  #price() {
    const input = (key) => {
      const change = (event) => this.#change({ [key]: amount(event.target.value) });
      const value = this.filters[key] ?? "";
      return el(
        "label",
        { class: "amount" },
        el("span", {}, this.strings.say(`filters.${key}`)),
        el("input", {
          type: "text",
          inputmode: "decimal",
          autocomplete: "off",
          maxlength: 9,
          value,
          "data-key": `price ${key}`,
          on: { change },
        }),
      );
    };
    return el(
      "fieldset",
      {},
      el("legend", {}, this.strings.say("filters.price")),
      el("div", { class: "amounts" }, input("from"), input("to")),
    );
  }

  #stock() {
    const change = (event) => this.#change({ inStock: event.target.checked });
    const box = el("input", {
      type: "checkbox",
      "data-key": "stock",
      checked: this.filters.inStock,
      on: { change },
    });
    return el("label", { class: "tick" }, box, this.strings.say("filters.in_stock"));
  }
}
