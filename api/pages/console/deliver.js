/** The first room: a delivery comes in, its columns are named, it is tried, and then taken. */

import { byId, el } from "../dom.js";
import { ask, upload } from "./ask.js";
import { columnsTable } from "./columns.js";
import { JobCard } from "./job.js";
import { button, counted, sure, toast } from "./parts.js";

const TABLE = /\.(csv|tsv|txt|jsonl|ndjson|parquet|pq)$/i;
const ZIP = /\.zip$/i;
const OURS = /[^\p{L}\p{N} .+()-]/gu;

export class Deliver {
  constructor(place, strings, acts) {
    this.place = place;
    this.strings = strings;
    this.may = acts.has("run_jobs");
    this.cards = [];
    this.source = null;
    this.mapping = {};
  }

  enter() {
    const { strings } = this;
    this.step = el("div", { class: "step" });
    this.list = el("div", { class: "jobs" });
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("deliver.heading")),
      el("p", { class: "quiet" }, strings.say("deliver.lead")),
      ...(this.may ? [this.#well()] : []),
      this.step,
      el("h2", {}, strings.say("deliver.jobs")),
      this.list,
    );
    this.#listen();
    this.#jobs();
    if (this.may) this.#earlier();
  }

  leave() {
    this.gone = true;
    this.away?.abort();
    for (const card of this.cards) card.leave();
    byId("drop").hidden = true;
  }

  #well() {
    const input = el("input", { type: "file", id: "files", class: "unseen", multiple: true, accept: ".csv,.tsv,.txt,.jsonl,.ndjson,.parquet,.pq,.zip" });
    input.addEventListener("change", () => {
      this.#take([...input.files]);
      input.value = "";
    });
    this.before = el("select", { id: "before" });
    this.beforeLine = el("label", { class: "line", hidden: true }, el("span", {}, this.strings.say("deliver.beside")), this.before);
    return el("div", { class: "well", id: "well" },
      el("p", { class: "well-word" }, this.strings.say("deliver.drop")),
      input,
      button(this.strings.say("deliver.choose"), () => input.click(), "primary big"),
      el("p", { class: "hint" }, this.strings.say("deliver.kinds")),
      this.beforeLine);
  }

  #listen() {
    this.away = new AbortController();
    const { signal } = this.away;
    const carries = (event) => this.may && [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      byId("drop").hidden = false;
    }, { signal });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) byId("drop").hidden = true;
    }, { signal });
    document.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      byId("drop").hidden = true;
      this.#take([...event.dataTransfer.files]);
    }, { signal });
  }

  /** Where the pictures of a table may lie that comes alone. */
  async #earlier() {
    const { uploads } = await ask("/v1/uploads").catch(() => ({ uploads: [] }));
    this.uploads = uploads;
    const held = uploads.filter((found) => found.pictures);
    this.beforeLine.hidden = held.length === 0;
    this.before.replaceChildren(
      ...held.map((found) => el("option", { value: found.name }, this.strings.say("deliver.of", { name: found.name, ...counted(this.strings, found.pictures) }))),
      el("option", { value: "" }, this.strings.say("deliver.elsewhere")));
  }

  async #take(files) {
    const fit = files.filter((file) => TABLE.test(file.name) || ZIP.test(file.name));
    if (fit.length === 0) {
      toast(this.strings.say("deliver.unfit"));
      return;
    }
    const zip = fit.find((file) => ZIP.test(file.name));
    const table = fit.find((file) => TABLE.test(file.name));
    const own = clean((zip ?? table).name.replace(/\.\w+$/, ""));
    const folder = zip ? own : this.before.value || own;
    this.mapping = {};
    try {
      if (zip) {
        this.source = await this.#send(folder, zip);
        const { report } = await this.#run({ kind: "unpack", source: this.source });
        if (!report) return; // its card says why
        this.source = report.source;
      }
      if (table) this.source = await this.#send(folder, table);
      await this.#try();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.step.replaceChildren(el("p", { class: "told", role: "alert" }, problem.sentence?.(this.strings) ?? String(problem)));
    }
  }

  async #send(folder, file) {
    const bar = el("progress", { max: 1, value: 0 });
    const stop = new AbortController();
    const word = el("p", {}, this.strings.say("deliver.sending", { name: file.name }));
    this.step.replaceChildren(word, bar, button(this.strings.say("page.cancel"), () => stop.abort(), "small"));
    const path = `/v1/uploads/${encodeURIComponent(folder)}/${encodeURIComponent(clean(file.name))}`;
    const { source } = await upload(path, file, (share) => (bar.value = share), stop.signal);
    return source;
  }

  /** Reads the first rows with what was said of the columns, and shows what would change. */
  async #try() {
    const { strings, source } = this;
    const table = await ask("/v1/uploads/trial", { method: "POST", json: { source, mapping: this.mapping } });
    this.step.replaceChildren(el("h2", {}, strings.say("deliver.check", { name: source })));
    if (table.columns.length) {
      const choose = (column, field) => {
        this.mapping[column] = field;
        this.#try().catch((problem) => toast(problem.sentence(strings)));
      };
      this.step.append(
        el("p", { class: "hint" }, strings.say("deliver.columns")),
        columnsTable(table, strings, choose),
        ...table.missing.map((field) => el("p", { class: "told" }, strings.say("deliver.missing", { field: strings.say(`field.${field}`) }))));
      if (table.missing.length) return;
    }
    const whole = el("input", { type: "checkbox", id: "whole" });
    const wish = () => ({ kind: "index", source, mapping: this.mapping, whole: whole.checked });
    const outcome = el("div", { class: "outcome", "aria-live": "polite" });
    const take = button(strings.say("deliver.take"), () => this.#apply(wish(), take), "primary big");
    take.disabled = true;
    const look = () => this.#foresee(wish(), outcome, take);
    whole.addEventListener("change", look);
    this.step.append(
      el("label", { class: "tick" }, whole, el("span", {}, strings.say("deliver.whole"))),
      outcome, el("div", { class: "acts" }, take));
    await look();
  }

  /** Says what would change; of two looks at once only the later is shown and counts. */
  async #foresee(wish, outcome, take) {
    take.disabled = true;
    const mine = el("div", {}, el("p", { class: "hint" }, this.strings.say("deliver.looking")));
    outcome.replaceChildren(mine);
    const job = await this.#run({ ...wish, dry_run: true }, mine);
    if (mine.parentNode !== outcome) return;
    this.foreseen = job.report;
    take.disabled = !job.report || job.report.added + job.report.changed + job.report.removed === 0;
  }

  /** Begins a job and waits for its end, its card shown in `where` if given. */
  async #run(wish, where = this.step) {
    const job = await ask("/v1/jobs", { method: "POST", json: wish });
    return new Promise((resolve) => {
      const card = new JobCard(job, this.strings, { may: this.may, ended: resolve });
      this.cards.push(card);
      where.replaceChildren(card.node);
    });
  }

  async #apply(wish, take) {
    const { strings } = this;
    const removes = this.foreseen?.removed ?? 0;
    const question = strings.say("deliver.removes", counted(strings, removes));
    if (removes && !(await sure(strings, question, strings.say("deliver.remove")))) return;
    take.disabled = true;
    try {
      const job = await ask("/v1/jobs", { method: "POST", json: { ...wish, allow_removals: removes > 0 } });
      this.step.replaceChildren();
      this.#add(job, { first: true });
      toast(strings.say("deliver.begun"));
    } catch (problem) {
      take.disabled = false;
      toast(problem.sentence(strings));
    }
  }

  async #jobs() {
    try {
      const { jobs } = await ask("/v1/jobs");
      const shown = jobs.filter((job) => !job.ended || !(job.wish.dry_run || job.kind === "unpack")).slice(0, 8);
      if (this.gone) return;
      for (const job of shown) this.#add(job);
      if (shown.length === 0) this.list.append(el("p", { class: "quiet none-yet" }, this.strings.say("deliver.none")));
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }

  #add(job, { first = false } = {}) {
    this.list.querySelector(".none-yet")?.remove();
    const card = new JobCard(job, this.strings, { may: this.may });
    this.cards.push(card);
    if (first) this.list.prepend(card.node);
    else this.list.append(card.node);
  }
}

/** A name as the stockroom takes it. @param {string} name */
function clean(name) {
  const kept = name.normalize("NFC").replace(OURS, "-").replace(/^[ .+()_-]+/, "").slice(-90);
  return kept.replace(/\.{2,}/g, ".") || "catalogue";
}

