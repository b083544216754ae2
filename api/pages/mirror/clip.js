/** Her clip, looked at once it is made: keep it, or destroy it. */

import { byId } from "../dom.js";
import { Refused } from "./line.js";

export class ClipView {
  constructor(strings) {
    this.strings = strings;
    byId("clip-keep").onclick = () => this.#do(() => this.#keep());
    byId("clip-destroy").onclick = () => this.#do(() => this.#destroy());
    byId("clip").addEventListener("close", () => this.#forget());
  }

  /** Fetches the film into memory and plays it. */
  async show(visit, clip) {
    Object.assign(this, { visit, clip });
    const film = byId("film");
    this.address = URL.createObjectURL(await visit.film(clip));
    film.src = this.address;
    byId("clip-told").hidden = true;
    byId("clip-keep").hidden = visit.mayKeep === false; // she did not agree to it
    byId("clip").showModal();
    await film.play().catch(() => {}); // it may wait for her finger
  }

  async #keep() {
    await this.visit.keep(this.clip);
    byId("clip-keep").hidden = true;
    this.#tell("clip.kept", true);
  }

  async #destroy() {
    await this.visit.destroy(this.clip);
    byId("clip").close();
  }

  async #do(act) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const key = `error.${error.code}`;
      this.#tell(this.strings.has(key) ? key : "error.unknown");
    }
  }

  #tell(key, good = false) {
    byId("clip-told").classList.toggle("good", good);
    byId("clip-told").textContent = this.strings.say(key);
    byId("clip-told").hidden = false;
  }

  #forget() {
    byId("film").removeAttribute("src");
    byId("film").load();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }
}
