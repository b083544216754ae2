/** The mirror's page: the live picture, its light, and one thing to do next. */

import { byId } from "../dom.js";
import { loadStrings } from "../strings.js";
import { ClipView } from "./clip.js";
import { Feeder } from "./feeder.js";
import { ConsentForm, PinForm } from "./forms.js";
import { Idle } from "./idle.js";
import { endAbandoned, ownPass, Refused, Visit } from "./line.js";
import { Live } from "./live.js";
import { Shelf } from "./shelf.js";

const COUNT_FROM = 3;
const BROWSER = "browser"; // what the attendant calls a camera whose frames a page pushes
const NOTICE_MS = 8000;
const PATIENCE_MS = 20_000; // a busy mirror; forgotten too early, her own visit would be a stranger's

class Mirror {
  constructor(strings) {
    this.strings = strings;
    this.state = null;
    this.line = { open: false, code: 0 };
    this.visitId = "";
    this.visit = null;
    this.counting = 0;
    this.clip = ""; // the clip that is being recorded or made
    this.startedMs = 0;
    this.lostMs = 0;
    this.backMs = -Infinity;
    this.knownUntilMs = 0;
    this.making = false;
    this.consents = new ConsentForm(strings, () => this.draw());
    this.pins = new PinForm(strings, (visit) => this.#expect(visit.id, visit));
    this.clips = new ClipView(strings);
    this.shelf = new Shelf(strings, (clip) => this.#try(() => this.clips.show(this.visit, clip)));
    byId("clip").addEventListener("close", () => this.shelf.draw(this.visit));
    this.idle = new Idle(
      () => Boolean(this.clip || this.counting || this.making),
      (seconds) => this.#ask(seconds),
      () => this.#try(() => this.#end()),
    );
    this.feeder = new Feeder(ownPass, (key) => this.#notice(key));
  }

  begin() {
    this.strings.fill();
    byId("language").onclick = () => {
      this.strings.toggle();
      this.strings.fill();
      this.draw();
    };
    byId("deed").onclick = () => this.#try(() => this.deed());
    byId("cancel").onclick = () => this.#stopCounting();
    byId("end").onclick = () => this.#try(() => this.#end());
    byId("take-back").onclick = () => this.#try(() => this.#takeBack());
    byId("company").onclick = () => this.#try(() => this.visit.confirmCompany());
    byId("again").onclick = () => this.pins.open(this.visitId);
    for (const button of document.querySelectorAll("[data-close]")) {
      button.onclick = () => button.closest("dialog").close();
    }
    setInterval(() => this.#tick(), 250);
    this.draw();
    if (typeof VideoDecoder === "undefined" || !ownPass()) return;
    this.live = new Live(byId("picture"), ownPass, {
      state: (said) => this.#hear(said),
      line: (open, code) => this.#lined(open, code),
      gap: () => this.live?.shown && !this.#justLost() && this.#notice("gap.short"),
    });
    this.live.open();
  }

  #lined(open, code) {
    const same = this.line.open === open && this.line.code === code;
    this.line = { open, code };
    if (!same) this.draw();
  }

  /** It was said already how long the camera was away. */
  #justLost() {
    return performance.now() - this.backMs < NOTICE_MS;
  }

  #hear({ state, visit_id: visitId }) {
    if (this.state?.camera_ok && !state.camera_ok) this.lostMs = performance.now();
    if (this.state && !this.state.camera_ok && state.camera_ok && this.lostMs) {
      this.backMs = performance.now();
      const seconds = ((this.backMs - this.lostMs) / 1000).toFixed(1);
      this.#notice("gap.lost", { seconds });
    }
    this.state = state;
    if (state.camera === BROWSER) this.feeder.start(); // this page is the camera, too
    if (visitId === this.visitId) this.knownUntilMs = 0;
    else if (performance.now() > this.knownUntilMs) this.#other(visitId);
    this.draw();
  }

  /** What this page did itself is heard from the mirror a moment later. */
  #expect(visitId, visit) {
    this.visitId = visitId;
    this.visit = visit;
    this.knownUntilMs = performance.now() + PATIENCE_MS;
    this.shelf.draw(visit);
    this.draw();
  }

  /** Another visit is before the mirror, or none. */
  #other(visitId) {
    this.visitId = visitId;
    if (this.visit?.id !== visitId) this.visit = visitId ? Visit.recall(visitId) : null;
    if (!this.visit) this.#left();
    this.shelf.draw(this.visit);
  }

  /** The visit is over, wherever it was ended: nothing of it stays on the screen. */
  #left() {
    this.#stopCounting();
    this.clip = "";
    this.making = false;
    if (!this.visitId) Visit.forget();
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  }

  /** What the light must say; also where nothing is known. */
  get light() {
    if (!this.line.open || !this.state) return "away";
    if (this.state.indicator === "recording" || this.state.indicator === "paused") {
      return this.state.indicator;
    }
    return this.state.camera_ok ? this.state.indicator : "lost";
  }

  /** The one thing to do next, or "" where there is none. */
  get next() {
    if (!this.line.open || this.counting || this.making) return "";
    if (!this.visitId) return "visit.begin";
    if (!this.visit) return "visit.end_other";
    if (this.clip) return "record.stop";
    return this.visit.consent ? "record.start" : "consent.open";
  }

  async deed() {
    switch (this.next) {
      case "visit.begin":
        return this.#begin();
      case "visit.end_other":
        await endAbandoned(this.visitId);
        return this.#expect("", null);
      case "consent.open":
        return this.consents.open(this.visit);
      case "record.start":
        return this.#count();
      case "record.stop":
        return this.#stop();
    }
  }

  async #begin() {
    const visit = await Visit.begin();
    this.#expect(visit.id, visit);
  }

  async #end() {
    await this.visit.end();
    this.#expect("", null);
  }

  async #takeBack() {
    await this.visit.takeBack();
    this.clip = "";
    this.draw();
  }

  #count() {
    this.counting = COUNT_FROM;
    this.counter = setInterval(() => {
      this.counting -= 1;
      if (this.counting === 0) {
        this.#stopCounting();
        this.#try(() => this.#record());
      }
      this.draw();
    }, 1000);
    this.draw();
  }

  #stopCounting() {
    clearInterval(this.counter);
    this.counting = 0;
    this.draw();
  }

  async #record() {
    if (!this.visit) return;
    const asked = await this.visit.record();
    this.clip = asked.clip_id;
    this.startedMs = performance.now();
    this.draw();
  }

  async #stop() {
    const { clip } = this;
    await this.visit.stop(clip);
    await this.#made(clip);
  }

  /** Waits for the clip and shows it. */
  async #made(clip) {
    this.making = true;
    this.draw();
    try {
      let outcome = "";
      while (!outcome && this.visit) {
        ({ outcome } = await this.visit.outcome(clip));
        if (!outcome) await new Promise((done) => setTimeout(done, 250));
      }
      if (outcome === "kept") await this.clips.show(this.visit, clip);
      else if (outcome && outcome !== "gone") this.#notice("clip.none", { why: outcome });
    } finally {
      this.making = false;
      this.clip = "";
      this.draw();
    }
  }

  async #try(act) {
    byId("deed").disabled = true;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const key = `error.${error.code}`;
      this.#notice(this.strings.has(key) ? key : "error.unknown");
    } finally {
      byId("deed").disabled = false;
      this.draw();
    }
  }

  #notice(key, facts = {}) {
    byId("notice").textContent = this.strings.say(key, facts);
    byId("notice").hidden = false;
    clearTimeout(this.noticed);
    this.noticed = setTimeout(() => (byId("notice").hidden = true), NOTICE_MS);
  }

  /** Is she still there? Any touch says so. */
  #ask(seconds) {
    if (seconds) this.#notice("idle.ask", { seconds });
    else byId("notice").hidden = true;
  }

  #tick() {
    this.idle.tick(Boolean(this.visit && this.line.open));
    byId("elapsed").hidden = this.light !== "recording" || !this.clip;
    const s = Math.floor((performance.now() - this.startedMs) / 1000);
    byId("elapsed").textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    // The recorder may end a clip by itself: a consent ran out, or it reached its longest.
    const ended = this.clip && !this.making && s > 2 && this.state && !this.state.recording_clip;
    if (ended && this.line.open && this.state.server_ok && this.visit) this.#try(() => this.#made(this.clip));
    if (this.live?.shown && byId("picture").hidden) this.draw();
  }

  #veil() {
    if (!ownPass()) return "veil.no_pass";
    if (typeof VideoDecoder === "undefined") return "veil.no_codecs";
    if (this.line.code === 4401 || this.line.code === 4403) return "veil.closed";
    if (!this.line.open) return this.line.code ? "veil.away" : "veil.waiting";
    if (this.state && !this.state.camera_ok) return "veil.lost";
    return this.live?.shown ? "" : "veil.waiting";
  }

  get lead() {
    if (this.light === "paused") return this.state.held === "unwatched" ? "lead.unwatched" : "lead.paused";
    if (this.making) return "lead.making";
    if (this.clip) return "lead.recording";
    if (!this.visitId) return "lead.free";
    if (!this.visit) return "lead.stranger";
    return this.visit.consent ? "lead.agreed" : "lead.begun";
  }

  draw() {
    const { strings, next, light } = this;
    byId("light").dataset.is = light;
    byId("light-word").textContent = strings.say(`light.${light}`);
    const veil = this.#veil();
    byId("veil").textContent = veil ? strings.say(veil) : "";
    byId("picture").hidden = !this.live?.shown;
    byId("count").hidden = !this.counting;
    byId("count").textContent = String(this.counting);
    byId("lead").textContent = strings.say(this.lead);
    byId("deed").hidden = !next;
    byId("deed").textContent = next ? strings.say(next) : "";
    byId("cancel").hidden = !this.counting;
    byId("again").hidden = !(this.visitId && !this.visit && this.line.open);
    byId("end").hidden = !this.visit || Boolean(this.clip) || Boolean(this.counting);
    byId("company").hidden = light !== "paused" || this.state.held !== "second_person" || !this.visit;
    byId("take-back").hidden = !this.visit?.consent;
    byId("pin").hidden = !this.visit || Boolean(this.visit.consent); // who passes by reads along
    byId("pin").textContent = this.visit ? strings.say("pin.shown", { pin: this.visit.pin }) : "";
  }
}

new Mirror(await loadStrings("mirror/strings.json")).begin();
document.documentElement.dataset.ready = "";
