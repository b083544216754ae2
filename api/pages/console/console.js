/** The console put together: who is signed in, which room is open, in which language. */

import { byId, el } from "../dom.js";
import { loadStrings } from "../strings.js";
import { ask } from "./ask.js";
import { Deliver } from "./deliver.js";
import { Demand } from "./demand.js";
import { Flaws } from "./flaws.js";
import { Models } from "./models.js";
import { toast } from "./parts.js";
import { Products } from "./products.js";
import { Rules } from "./rules.js";

/** @type {[string, string, any][]} the rooms: name in the address, the act that opens it, its maker */
const ROOMS = [
  ["deliver", "see_jobs", Deliver],
  ["products", "browse", Products],
  ["flaws", "browse", Flaws],
  ["models", "see_jobs", Models],
  ["rules", "browse", Rules],
  ["demand", "see_demand", Demand],
];

class Console {
  constructor(strings) {
    this.strings = strings;
    this.room = null;
    this.acts = new Set();
  }

  async start() {
    this.#listen();
    this.strings.fill();
    await this.#greet();
    document.documentElement.dataset.ready = "";
  }

  #listen() {
    byId("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#signIn();
    });
    byId("sign-out").addEventListener("click", async () => {
      await ask("/v1/session", { method: "DELETE" });
      this.#greet();
    });
    byId("language").addEventListener("click", () => {
      this.strings.toggle();
      this.strings.fill();
      this.#show();
    });
    addEventListener("hashchange", () => this.#show());
    document.addEventListener("signed-out", () => this.#greet());
    byId("sheet").addEventListener("click", (event) => {
      const sheet = byId("sheet");
      if (event.target === sheet || event.target.closest("[data-close]")) sheet.close("");
    });
  }

  async #signIn() {
    const told = byId("sign-in-told");
    told.hidden = true;
    try {
      await ask("/v1/session", { method: "POST", json: { key: byId("key").value.trim() } });
      byId("key").value = "";
      await this.#greet();
    } catch (problem) {
      told.textContent = problem.sentence(this.strings);
      told.hidden = false;
    }
  }

  /** Finds out who asks and shows what is open to her. */
  async #greet() {
    try {
      this.who = await ask("/v1/session");
    } catch (problem) {
      toast(problem.sentence(this.strings));
      this.who = { acts: [], role: null, name: "" };
    }
    this.acts = new Set(this.who.acts);
    this.#show();
  }

  #rooms() {
    return ROOMS.filter(([, act]) => this.acts.has(act));
  }

  #show() {
    const rooms = this.#rooms();
    const open = rooms.find(([name]) => name === location.hash.slice(1)) ?? rooms[0];
    this.room?.leave?.();
    this.room = null;
    byId("sign-in").hidden = Boolean(open);
    byId("tabs").hidden = !open;
    this.#name();
    byId("place").replaceChildren();
    if (!open) {
      byId("key").focus();
      return;
    }
    byId("tabs").replaceChildren(
      ...rooms.map(([name]) =>
        el("a", { href: `#${name}`, "aria-current": name === open[0] && "page" }, this.strings.say(`tab.${name}`)),
      ),
    );
    const place = el("section", { class: "room", "aria-labelledby": "room-heading" });
    byId("place").append(place);
    this.room = new open[2](place, this.strings, this.acts);
    this.room.enter();
  }

  #name() {
    const { role, name, local, keyed } = this.who;
    byId("sign-out").hidden = !role;
    byId("who").hidden = !role && keyed;
    byId("who").textContent = role
      ? this.strings.say("who.is", { name, role: this.strings.say(`role.${role}`) })
      : local && !keyed
        ? this.strings.say("who.local")
        : "";
  }
}

new Console(await loadStrings("console/strings.json")).start();
