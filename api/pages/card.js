/** One hit in the grid. */

import { product, pictureAt } from "./door.js";
import { el, icon } from "./dom.js";
import { swatches } from "./swatches.js";
import { picture, THUMB_PX } from "./tile.js";
import { matchOf, stockOf } from "./words.js";

/**
 * @param {any} hit
 * @param {{strings: import("./strings.js").Strings, currency: string,
 *          open: (shown: any) => void, like: (sku: string) => void,
 *          hearts?: import("./hearts.js").Hearts}} hands
 */
export function card(hit, hands) {
  const { strings } = hands;
  // What the card shows: the hit, until a swatch puts another colour in its place.
  let shown = hit;
  const image = picture(hit.image, strings);
  const title = el("button", { type: "button", class: "card-title", on: { click: () => hands.open(shown) } });
  const facts = el("p", { class: "card-facts" });
  const like = el(
    "button",
    { type: "button", class: "card-like", on: { click: () => hands.like(shown.sku) } },
    icon("like"),
    el("span", { class: "card-like-word", "aria-hidden": "true" }, strings.say("hit.like")),
  );
  const name = (item) => item.title || strings.say("hit.untitled");
  const node = el("li", { class: "card" });
  const heart = hands.hearts?.button(() => ({ sku: shown.sku, title: name(shown) }));
  const draw = () => {
    heart?.draw();
    title.textContent = name(shown);
    title.setAttribute("aria-label", strings.say("hit.open", { title: name(shown) }));
    like.setAttribute("aria-label", strings.say("hit.like_named", { title: name(shown) }));
    facts.replaceChildren(...priceAndStock(shown, strings, hands.currency));
    node.classList.toggle("is-out", shown.stock === 0);
  };
  const choose = async (item) => {
    shown = { ...hit, ...item, stock: item === hit ? hit.stock : null };
    if (shown.image) image.src = pictureAt(shown.image, THUMB_PX);
    draw();
    if (item === hit) return;
    const wanted = shown.sku;
    const whole = await product(wanted).catch(() => null); // the swatch's own facts stay if it fails
    if (!whole || shown.sku !== wanted) return;
    shown = { ...shown, ...whole };
    draw();
  };
  node.append(
    el("div", { class: "tile" }, image),
    el(
      "div",
      { class: "card-text" },
      match(hit, strings),
      el("h2", {}, title),
      facts,
      swatches(hit, strings, choose),
    ),
    el("div", { class: "over-tile" }, heart?.node, like), // after the title, in the keyboard's order
  );
  node.dataset.sku = hit.sku;
  draw();
  return node;
}

/** @returns {HTMLElement|null} the match in dots and words */
export function match(hit, strings) {
  const found = matchOf(hit.probability, hit.exact);
  if (!found) return null;
  const dots = Array.from({ length: 4 }, (_, i) => el("i", { class: i < found.dots ? "on" : "" }));
  return el(
    "p",
    { class: found.key === "match.exact" ? "match is-exact" : "match" },
    el("span", { class: "match-dots", "aria-hidden": "true" }, ...dots),
    strings.say(found.key),
  );
}

/** @returns {HTMLElement[]} */
export function priceAndStock(item, strings, currency) {
  const parts = [];
  if (typeof item.price === "number") {
    parts.push(el("span", { class: "price" }, strings.price(item.price, item.currency || currency)));
  }
  const stock = stockOf(item.stock);
  if (stock && stock.tone !== "in") {
    parts.push(el("span", { class: `stock ${stock.tone}` }, strings.say(stock.key, stock.facts)));
  }
  return parts;
}
