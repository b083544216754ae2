/** A product looked at closely, in a dialog: its pictures, its facts, and the ways on from it. */

import { priceAndStock } from "./card.js";
import { el, icon } from "./dom.js";
import { pictureAt, product } from "./door.js";
import { picture } from "./tile.js";
import { leafOf, stockOf } from "./words.js";

const LARGE_PX = 800;

export class Closer {
  /**
   * @param {HTMLDialogElement} dialog @param {HTMLElement} body
   * @param {import("./strings.js").Strings} strings
   * @param {(sku: string) => void} like
   */
  constructor(dialog, body, strings, like) {
    this.dialog = dialog;
    this.body = body;
    this.strings = strings;
    this.like = like;
  }

  /** @param {any} item a hit, or a swatch with its product's facts @param {string} currency */
  async open(item, currency) {
    this.item = item;
    this.#draw(item, [item.image].filter(Boolean), currency);
    this.dialog.showModal();
    const whole = await product(item.sku).catch(() => null); // what the hit told stays if it fails
    if (!whole || this.item !== item || !this.dialog.open) return;
    this.#draw({ ...item, ...whole }, whole.pictures ?? [], currency);
  }

  #draw(item, pictures, currency) {
    const { strings } = this;
    const title = item.title || strings.say("hit.untitled");
    this.dialog.setAttribute("aria-label", title);
    const stock = stockOf(item.stock);
    this.body.replaceChildren(
      this.#pictures(item, pictures, title),
      el(
        "div",
        { class: "closer-text" },
        el("h2", {}, title),
        el(
          "p",
          { class: "card-facts" },
          ...priceAndStock(item, strings, currency),
          stock?.tone === "in" && el("span", { class: "stock in" }, strings.say(stock.key)),
        ),
        item.description && el("p", { class: "closer-words" }, item.description),
        this.#facts(item),
        this.#ways(item),
      ),
    );
  }

  #pictures(item, pictures, title) {
    const large = picture(pictures[0], this.strings, LARGE_PX);
    large.alt = title;
    large.loading = "eager";
    const pick = (image) => el("button", { type: "button", class: "closer-thumb" }, image);
    const thumbs =
      pictures.length < 2
        ? []
        : pictures.slice(0, 8).map((path, i) => {
            const image = picture(path, this.strings, 160);
            image.alt = this.strings.say("hit.picture", { n: i + 1, title });
            const button = pick(image);
            button.addEventListener("click", () => {
              large.src = pictureAt(path, LARGE_PX);
            });
            return button;
          });
    return el(
      "div",
      { class: "closer-pictures" },
      el("div", { class: "tile" }, large),
      thumbs.length > 0 && el("div", { class: "closer-thumbs" }, ...thumbs),
    );
  }

  #facts(item) {
    const rows = [
      ["hit.brand", item.brand],
      ["hit.colour", item.colour && this.strings.colour(item.colour)],
      ["hit.size", item.size],
      [
        "hit.category",
        (item.categories ?? [])
          .map(leafOf)
          .filter((leaf, i, all) => all.indexOf(leaf) === i)
          .slice(0, 3)
          .join(", "),
      ],
      ["hit.sku", item.sku],
    ].filter(([, value]) => value);
    return el(
      "dl",
      {},
      ...rows.flatMap(([key, value]) => [el("dt", {}, this.strings.say(key)), el("dd", {}, value)]),
    );
  }

  #ways(item) {
    const like = () => {
      this.dialog.close();
      this.like(item.sku);
    };
    const url = safeLink(item.url);
    return el(
      "div",
      { class: "acts" },
      url && el("a", { class: "button primary", href: url, rel: "noopener" }, this.strings.say("hit.shop")),
      el(
        "button",
        { type: "button", class: url ? "button" : "button primary", on: { click: like } },
        icon("like"),
        this.strings.say("hit.like"),
      ),
    );
  }
}

/** @returns {string|null} a link that only leads somewhere; never one that runs (javascript:) */
function safeLink(url) {
  if (!url || !URL.canParse(url, document.baseURI)) return null;
  const { protocol, href } = new URL(url, document.baseURI);
  return protocol === "https:" || protocol === "http:" ? href : null;
}
