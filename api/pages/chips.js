/** What narrows the answer, one chip each: what the words were taken to mean, and the filters. */

import { el, icon } from "./dom.js";
import { NO_FILTERS } from "./query.js";
import { dot } from "./swatches.js";
import { leafOf } from "./words.js";

/**
 * @param {HTMLElement} list
 * @param {import("./query.js").Query} query
 * @param {any} understood the answer's `query.understood`, or null
 * @param {{strings: import("./strings.js").Strings, currency: string,
 *          change: (filters: import("./query.js").Filters) => void,
 *          suggested?: {field: string, value: string}[]}} hands
 */
export function drawChips(list, query, understood, { strings, currency, change, suggested = [] }) {
  const removable = removables(query, strings, currency);
  const chips = removable.map(({ word, without, before }) => {
    const label = strings.say("chips.remove", { what: word });
    const click = () => change(without);
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "chip", "aria-label": label, on: { click } },
        before,
        el("span", {}, word),
        icon("close"),
      ),
    );
  });
  const told = understoodWords(query, understood, strings, currency).map(({ word, before }) =>
    el("li", { class: "chip told", title: strings.say("chips.understood", { what: word }) }, before, word),
  );
  if (removable.length > 1) {
    const click = () => change(NO_FILTERS);
    chips.push(
      el(
        "li",
        {},
        el("button", { type: "button", class: "chip clear", on: { click } }, strings.say("chips.clear")),
      ),
    );
  }
  const offered = offers(query, suggested, strings).map(({ word, before, filters }) => {
    const click = () => change(filters);
    const label = strings.say("chips.only", { what: word });
    return el(
      "li",
      {},
      el("button", { type: "button", class: "chip offered", "aria-label": label, on: { click } }, before, word),
    );
  });
  list.replaceChildren(...told, ...chips, ...offered);
  list.hidden = list.children.length === 0;
}

function removables(query, strings, currency) {
  const { filters } = query;
  const set = (some) => ({ ...filters, ...some });
  const found = [];
  if (filters.category) found.push({ word: leafOf(filters.category), without: set({ category: null }) });
  for (const colour of filters.colours) {
    const without = set({ colours: filters.colours.filter((other) => other !== colour) });
    found.push({ word: strings.colour(colour), before: dot(colour, null), without });
  }
  if (filters.brand) found.push({ word: filters.brand, without: set({ brand: null }) });
  if (filters.from !== null) {
    found.push({
      word: strings.say("chips.above", { price: strings.price(filters.from, currency) }),
      without: set({ from: null }),
    });
  }
  if (filters.to !== null) {
    found.push({
      word: strings.say("chips.below", { price: strings.price(filters.to, currency) }),
      without: set({ to: null }),
    });
  }
  if (filters.inStock) found.push({ word: strings.say("hit.stock"), without: set({ inStock: false }) });
  return found;
}

/** The filters that suggest themselves, of those that this page can set and that are not set. */
function offers({ filters }, suggested, strings) {
  const found = [];
  for (const { field, value } of suggested) {
    if (field === "category" && !filters.category) found.push({ word: value, filters: { ...filters, category: value } });
    if (field === "brand" && !filters.brand) found.push({ word: value, filters: { ...filters, brand: value } });
    if (field === "colour" && !filters.colours.length)
      found.push({ word: strings.colour(value), before: dot(value, null), filters: { ...filters, colours: [value] } });
  }
  return found;
}

function understoodWords(query, understood, strings, currency) {
  if (!understood || !query.text) return [];
  const price = (value) => strings.price(value, currency);
  const found = understood.colours.map((colour) => ({
    word: strings.colour(colour),
    before: dot(colour, null),
  }));
  found.push(...understood.kinds.map((kind) => ({ word: strings.kind(kind) })));
  if (understood.price_above !== null)
    found.push({ word: strings.say("chips.above", { price: price(understood.price_above) }) });
  if (understood.price_below !== null)
    found.push({ word: strings.say("chips.below", { price: price(understood.price_below) }) });
  return found;
}
