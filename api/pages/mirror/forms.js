/** The two forms of the mirror's page: her agreement, and her PIN. */

import { byId } from "../dom.js";
import { Refused, Visit } from "./line.js";

/** Shows in `#told` why the server did not take it. */
function tell(told, strings, error) {
  if (!(error instanceof Refused)) throw error;
  const key = `error.${error.code}`;
  byId(told).textContent = strings.say(strings.has(key) ? key : "error.unknown");
  byId(told).hidden = false;
}

export class ConsentForm {
  /** @param {() => void} agreed called once the server has taken it */
  constructor(strings, agreed) {
    this.strings = strings;
    this.agreed = agreed;
    const form = byId("consent-form");
    form.addEventListener("change", () => this.#ask());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open(visit) {
    this.visit = visit;
    byId("consent-form").reset();
    byId("consent-told").hidden = true;
    this.#ask();
    byId("consent").showModal();
  }

  get #age() {
    return new FormData(byId("consent-form")).get("age");
  }

  #ask() {
    const minor = this.#age === "minor";
    byId("guardian-line").hidden = !minor;
    byId("consent-guardian").required = minor;
  }

  /** The very words that she was shown go along, in their language. */
  async #send() {
    const purposes = byId("consent-keep").checked ? ["record", "keep"] : ["record"];
    try {
      await this.visit.agree({
        purposes,
        words: byId("consent-words").textContent,
        language: this.strings.language,
        name: byId("consent-name").value,
        age: this.#age,
        guardian: byId("consent-guardian").value,
      });
    } catch (error) {
      return tell("consent-told", this.strings, error);
    }
    byId("consent").close();
    this.agreed();
  }
}

export class PinForm {
  /** @param {(visit: Visit) => void} known called with her visit */
  constructor(strings, known) {
    this.strings = strings;
    this.known = known;
    byId("pin-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open(visitId) {
    this.visitId = visitId;
    byId("pin-form").reset();
    byId("pin-told").hidden = true;
    byId("pin-ask").showModal();
  }

  async #send() {
    try {
      this.known(await Visit.byPin(this.visitId, byId("pin-text").value));
    } catch (error) {
      return tell("pin-told", this.strings, error);
    }
    byId("pin-ask").close();
  }
}
