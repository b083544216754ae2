/** The query in sight: the shopper's photo with its frame, or the product she wants more of. */

import { Crop } from "./crop.js";
import { Dots } from "./dots.js";
import { product } from "./door.js";
import { byId, el } from "./dom.js";
import { picture as productPicture } from "./tile.js";

export class Rail {
  /**
   * @param {import("./strings.js").Strings} strings
   * @param {(box: number[]|null) => void} framed
   */
  constructor(strings, framed) {
    this.strings = strings;
    this.stage = byId("stage");
    this.cropNode = byId("crop");
    this.like = byId("stage-like");
    this.mute = byId("stage-mute");
    this.whole = byId("whole");
    this.hint = byId("crop-hint");
    this.thumb = byId("thumb");
    this.newWord = byId("new-word");
    this.crop = new Crop(this.cropNode, strings, framed);
    this.dots = new Dots(this.cropNode, strings, framed);
    this.whole.addEventListener("click", () => framed(null));
    this.#watch();
  }

  /**
   * @param {import("./query.js").Query} query
   * @param {import("./picture.js").Picture|null} picture
   */
  draw(query, picture) {
    const shown = picture?.url ? "photo" : picture ? "mute" : query.like ? "like" : "words";
    this.stage.dataset.shows = shown;
    this.cropNode.hidden = shown !== "photo";
    this.like.hidden = shown !== "like";
    this.mute.hidden = shown !== "mute";
    this.hint.hidden = shown !== "photo" || query.box !== null;
    this.whole.hidden = shown !== "photo" || query.box === null;
    this.thumb.replaceChildren();
    this.newWord.dataset.say = shown === "photo" || shown === "mute" ? "query.new" : "query.with_photo";
    this.newWord.textContent = this.strings.say(this.newWord.dataset.say);
    if (shown === "photo") {
      this.crop.show(picture, query.box);
      this.dots.show(picture, query.box);
      this.hint.textContent = this.strings.say(picture.things?.length ? "crop.hint_things" : "crop.hint");
      this.thumb.append(el("img", { src: picture.thumb, alt: "", width: 44, height: 44 }));
    }
    if (shown === "like") this.#like(query.like);
  }

  async #like(sku) {
    if (this.like.dataset.sku === sku) return this.#likeThumb();
    this.like.dataset.sku = sku;
    this.like.replaceChildren();
    const item = await product(sku).catch(() => null); // the search itself says what is wrong
    if (!item || this.like.dataset.sku !== sku) return;
    const image = productPicture(item.pictures?.[0], this.strings);
    this.like.replaceChildren(el("div", { class: "tile" }, image), el("figcaption", {}, item.title || sku));
    this.#likeThumb();
  }

  #likeThumb() {
    const image = this.like.querySelector("img");
    if (image) this.thumb.replaceChildren(el("img", { src: image.src, alt: "", width: 44, height: 44 }));
  }

  /** While the photo is out of sight, a small one stands beside the words. */
  #watch() {
    const bar = byId("bar");
    new IntersectionObserver(([entry]) => bar.classList.toggle("is-apart", !entry.isIntersecting), {
      rootMargin: "-64px 0px 0px 0px",
    }).observe(this.stage);
    this.thumb.addEventListener("click", () => {
      scrollTo({ top: 0 });
      (this.stage.querySelector("button:not([hidden])") ?? this.stage).focus({ preventScroll: true });
    });
  }
}
