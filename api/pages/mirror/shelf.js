/** Her clips as small pictures in a row; a touch opens one. Everything is fetched with her pass. */

import { byId, el } from "../dom.js";
import { Refused } from "./line.js";

export class Shelf {
  /** @param {(clip: string) => void} opens called with the id of the clip that she touches */
  constructor(strings, opens) {
    this.strings = strings;
    this.opens = opens;
    this.addresses = [];
  }

  /** Shows the clips of `visit`, or nothing where there is none. */
  async draw(visit) {
    this.visit = visit;
    let made = [];
    if (visit) made = await Promise.all((await this.#clips(visit)).map((clip, n) => this.#tile(clip, n)));
    if (this.visit !== visit) return; // she left meanwhile
    this.#forget();
    this.addresses = made.map(({ address }) => address);
    byId("clips").replaceChildren(...made.map(({ tile }) => tile));
    byId("clips").hidden = made.length === 0;
  }

  async #clips(visit) {
    try {
      return await visit.clips();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return []; // her pass ran out, or the server is away: the page says so when she asks for more
    }
  }

  async #tile(clip, n) {
    const small = await this.visit.thumbnail(clip.id).catch(() => new Blob());
    const address = URL.createObjectURL(small);
    const label = this.strings.say("clips.one", { n: n + 1 });
    const picture = el("img", { src: address, alt: label });
    const button = el("button", { type: "button", on: { click: () => this.opens(clip.id) } }, picture);
    return { address, tile: el("li", {}, button) };
  }

  #forget() {
    for (const address of this.addresses) URL.revokeObjectURL(address);
    this.addresses = [];
  }
}
