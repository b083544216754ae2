/** The third room: the models' spaces; another one built, compared, tried, made live, left again. */

import { el } from "../dom.js";
import { ask } from "./ask.js";
import { JobCard } from "./job.js";
import { button, counted, field, number, small, sure, toast } from "./parts.js";

export class Models {
  constructor(place, strings, acts) {
    this.place = place;
    this.strings = strings;
    this.may = acts.has("run_jobs");
    this.cards = [];
  }

  enter() {
    const { strings } = this;
    this.spaces = el("div", { class: "spaces" });
    this.jobs = el("div", { class: "jobs" });
    this.tried = el("div", { class: "beside" });
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("models.heading")),
      el("p", { class: "quiet" }, strings.say("models.lead")),
      this.spaces, ...(this.may ? [this.#other()] : []), this.jobs,
      el("h2", {}, strings.say("models.try")), this.#trial(), this.tried);
    this.#load();
  }

  leave() {
    for (const card of this.cards) card.leave();
  }

  async #load() {
    try {
      this.found = (await ask("/v1/spaces")).spaces;
      this.spaces.replaceChildren(...this.found.map((space) => this.#space(space)));
      const other = this.found.filter((space) => !space.live);
      this.which.replaceChildren(...other.map((space) => el("option", { value: space.model }, space.model)));
      this.trialForm.hidden = other.length === 0;
      this.trialNone.hidden = other.length > 0;
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }

  #space(space) {
    const { strings } = this;
    const acts = this.may && !space.live
      ? [button(strings.say("models.compare"), () => this.#begin({ kind: "compare", model: space.model }), "small"),
         button(strings.say("models.flip"), () => this.#flip(space.model), "small primary")]
      : [];
    return el("article", { class: "space", "data-live": space.live ? "yes" : "no" },
      el("div", {}, el("h3", {}, space.model), el("p", { class: "hint" }, strings.say("models.products", counted(strings, space.products)))),
      space.live ? el("span", { class: "badge", "data-is": "done" }, strings.say("models.live")) : el("div", { class: "acts" }, ...acts));
  }

  #other() {
    const { strings } = this;
    const input = el("input", { type: "text", id: "model-name", required: true, maxlength: 200, spellcheck: "false" });
    const form = el("form", { class: "bar" }, field(strings.say("models.name"), input, strings.say("models.name_hint")),
      button(strings.say("models.foresee"), () => input.reportValidity() && this.#begin({ kind: "reindex", model: input.value.trim(), dry_run: true })),
      el("button", { type: "submit", class: "button primary" }, strings.say("models.build")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#begin({ kind: "reindex", model: input.value.trim() });
    });
    return el("details", { class: "other" }, el("summary", {}, strings.say("models.another")), form);
  }

  async #flip(model) {
    const { strings } = this;
    if (await sure(strings, strings.say("models.sure", { model }), strings.say("models.flip"))) {
      this.#begin({ kind: "reindex", model, flip: true });
    }
  }

  async #begin(wish) {
    try {
      const job = await ask("/v1/jobs", { method: "POST", json: wish });
      const card = new JobCard(job, this.strings, { may: this.may, ended: () => setTimeout(() => this.#load(), 800) });
      this.cards.push(card);
      this.jobs.prepend(card.node);
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }

  /** A search asked of the live space and of another, side by side. */
  #trial() {
    const { strings } = this;
    this.words = el("input", { type: "search", id: "try-words", maxlength: 200, "aria-label": strings.say("models.words"), placeholder: strings.say("models.example") });
    this.picture = el("input", { type: "file", id: "try-picture", accept: "image/*,.heic,.heif", "aria-label": strings.say("models.picture") });
    this.which = el("select", { id: "try-model", "aria-label": strings.say("models.beside") });
    this.trialForm = el("form", { class: "bar", hidden: true }, this.words, this.picture, this.which,
      el("button", { type: "submit", class: "button primary" }, strings.say("models.search")));
    this.trialForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.trialNone = el("p", { class: "quiet" }, strings.say("models.alone"));
    return el("div", {}, this.trialForm, this.trialNone);
  }

  async #ask() {
    const { strings } = this;
    const file = this.picture.files[0];
    const form = () => {
      const said = new FormData();
      if (this.words.value.trim()) said.set("text", this.words.value.trim());
      if (file) said.set("image", file);
      said.set("top", "12");
      return said;
    };
    const model = this.which.value;
    const ways = ["/v1/search", `/v1/spaces/search?model=${encodeURIComponent(model)}`];
    try {
      const answers = await Promise.all(ways.map((way) => ask(way, { method: "POST", body: form() })));
      this.tried.replaceChildren(...answers.map((answer, n) => this.#answers(answer, n === 0 ? strings.say("models.live") : model)));
    } catch (problem) {
      toast(problem.sentence(strings));
    }
  }

  #answers(answer, heading) {
    return el("section", { class: "answer" }, el("h3", {}, heading),
      answer.nothing_like_this ? el("p", { class: "hint" }, this.strings.say("models.nothing")) : "",
      el("ol", { class: "hits" }, ...answer.hits.map((hit) =>
        el("li", {}, small(hit.image, 160), el("span", {}, hit.title || hit.sku), el("b", {}, number(this.strings, hit.probability * 100), " %")))));
  }
}
