/**
 * What came of a search, told to the door by the search's number: no picture, no words, no person.
 * Several are told together a moment later, at the latest when the page is left; none is told twice,
 * and one that is lost on its way is not missed.
 */

const SOON_MS = 1000;
const MOST = 200; // as many the door takes at once

export class Tally {
  #waiting = [];
  #noted = new Set();
  #timer = 0;

  /** @param {(events: object[]) => void} tell how they travel; door.js knows */
  constructor(tell) {
    this.tell = tell;
    addEventListener("pagehide", () => this.#send());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#send();
    });
  }

  /**
   * @param {"shown"|"opened"|"saved"} event @param {string|undefined} searchId what the answer named
   * @param {string} [sku] the product it happened to
   */
  note(event, searchId, sku = "") {
    const mark = `${event} ${searchId} ${sku}`;
    if (!searchId || this.#noted.has(mark)) return;
    this.#noted.add(mark);
    this.#waiting.push({ event, search_id: searchId, sku });
    if (this.#waiting.length >= MOST) this.#send();
    else this.#timer ||= setTimeout(() => this.#send(), SOON_MS);
  }

  #send() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const events = this.#waiting.splice(0);
    if (events.length) this.tell(events);
  }
}
