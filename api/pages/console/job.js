/** One job, live: where it stands, what can be done about it, and what it did. */

import { el } from "../dom.js";
import { ask } from "./ask.js";
import { button, counted, moment, number, toast } from "./parts.js";

export class JobCard {
  /**
   * @param {any} job as /v1/jobs tells it @param {import("../strings.js").Strings} strings
   * @param {{ended?: (job: any) => void, may: boolean}} hands
   */
  constructor(job, strings, hands) {
    this.job = job;
    this.strings = strings;
    this.hands = hands;
    this.node = el("article", { class: "job", "data-job": job.id });
    this.#draw();
    if (!job.ended) this.#watch();
    else this.#reported();
  }

  /** Stops listening. */
  leave() {
    this.events?.close();
  }

  #watch() {
    this.events = new EventSource(`/v1/jobs/${this.job.id}/events`);
    this.events.addEventListener("job", (event) => {
      this.job = JSON.parse(event.data);
      this.#draw();
      if (!this.job.ended) return;
      this.leave();
      this.#reported();
    });
  }

  async #reported() {
    try {
      this.job = await ask(`/v1/jobs/${this.job.id}`);
    } catch {
      return; // the state that is shown is true all the same
    }
    this.#draw();
    this.hands.ended?.(this.job);
  }

  async #tell(act) {
    try {
      this.job = { ...this.job, ...(await ask(`/v1/jobs/${this.job.id}/${act}`, { method: "POST" })) };
      this.#draw();
      if (act === "resume" && this.events?.readyState !== EventSource.OPEN) this.#watch();
    } catch (problem) {
      toast(problem.sentence(this.strings));
    }
  }

  #draw() {
    const { strings, job } = this;
    const say = (key, facts) => strings.say(key, facts);
    const what = job.wish.dry_run ? `job.kind_${job.kind}_dry` : `job.kind_${job.kind}`;
    const about = job.kind === "index" || job.kind === "unpack" ? job.wish.source : job.wish.model;
    this.node.dataset.status = job.status;
    this.node.replaceChildren(
      el("header", { class: "job-head" },
        el("h3", {}, say(what, { about })),
        el("span", { class: "badge", "data-is": job.status }, say(`job.${job.status}`))),
      el("p", { class: "hint" }, say("job.by", { who: job.by, when: moment(strings, job.created_at) })),
      ...this.#progress(),
      job.said ? el("p", { class: "told" }, job.said) : "",
      ...(job.report ? [reportOf(job, strings)] : []),
      this.#acts(),
    );
  }

  #progress() {
    const { job, strings } = this;
    if (job.ended || job.status === "waiting") return [];
    const facts = { done: number(strings, job.done), total: number(strings, job.total) };
    const stage = strings.has(`stage.${job.stage}`) ? strings.say(`stage.${job.stage}`) : job.stage;
    const text = job.total ? strings.say("job.step", { stage, ...facts }) : stage;
    return [
      el("progress", { max: job.total || 1, value: job.total ? job.done : null, "aria-label": text }),
      el("p", { class: "hint" }, text),
    ];
  }

  #acts() {
    const { job, strings } = this;
    if (job.ended || !this.hands.may) return "";
    const resting = job.status === "paused" || job.status === "interrupted" || job.wanted === "pause";
    return el("div", { class: "acts" },
      resting
        ? button(strings.say("job.resume"), () => this.#tell("resume"), "small primary")
        : button(strings.say("job.pause"), () => this.#tell("pause"), "small"),
      button(strings.say("job.cancel"), () => this.#tell("cancel"), "small"));
  }
}

/** What a job did, or would do. @param {any} job @param {import("../strings.js").Strings} strings */
export function reportOf(job, strings) {
  if (job.kind === "index") return indexReport(job, strings);
  const { report } = job;
  if (job.kind === "unpack") return el("p", {}, strings.say("report.unpacked", counted(strings, report.unpacked)));
  const facts = {
    embedded: number(strings, report.embedded ?? 0), unchanged: number(strings, report.unchanged ?? 0),
    seconds: number(strings, report.likely_s ?? 0), model: report.model,
  };
  if (job.kind === "compare") return compareReport(report, strings);
  const key = report.dry_run ? "report.reindex_dry" : report.flipped ? "report.flipped" : "report.built";
  const lost = Object.entries(report.lost ?? {}).slice(0, 20);
  return el("div", {}, el("p", {}, strings.say(key, facts)),
    lost.length > 0 && el("ul", { class: "reasons" }, ...lost.map(([sku, why]) => el("li", {}, `${sku}: ${why}`))));
}

function indexReport(job, strings) {
  const { report } = job;
  const counts = ["added", "changed", "unchanged", "removed", "rejected"].map((what) =>
    el("li", { "data-what": what, class: report[what] ? "" : "none" },
      el("b", {}, number(strings, report[what])), " ", strings.say(`report.${what}`, counted(strings, report[what]))));
  const reasons = Object.entries(report.reasons).map(([code, n]) =>
    el("li", {}, el("b", {}, number(strings, n)), " ",
      strings.has(`reason.${code}`) ? strings.say(`reason.${code}`) : code.replaceAll("_", " ")));
  return el("div", { class: "report" },
    el("ul", { class: "counts" }, ...counts),
    report.would_refuse && el("p", { class: "told" }, report.would_refuse),
    ...report.notes.map((note) => el("p", { class: "hint" }, note)),
    reasons.length > 0 && el("details", { class: "rejects", open: true },
      el("summary", {}, strings.say("report.why", counted(strings, report.rejected))),
      el("ul", { class: "reasons" }, ...reasons),
      el("div", { class: "scroll" }, rejectedTable(report.rows, strings)),
      el("p", { class: "acts" },
        el("a", { class: "button small", href: `/v1/jobs/${job.id}/rejected.csv`, download: "rejected.csv" },
          strings.say("report.download")),
        el("span", { class: "hint" }, strings.say("report.mend")))));
}

function rejectedTable(rows, strings) {
  const head = ["line", "sku", "reason"].map((key) => el("th", { scope: "col" }, strings.say(`report.${key}`)));
  return el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows.slice(0, 50).map((row) =>
      el("tr", {}, el("td", {}, number(strings, row.line)), el("td", {}, row.sku ?? "–"), el("td", {}, row.reason)))));
}

function compareReport(report, strings) {
  const kinds = Object.entries(report.kinds).map(([kind, told]) =>
    el("li", {}, strings.say(`compare.${kind}`, {
      queries: number(strings, told.queries), changed: number(strings, told.changed),
      share: number(strings, told.shared * 100, 1), first: number(strings, told.first_changed),
    })));
  const examples = report.examples.filter((one) => one.shared < 1).slice(0, 8).map((one) =>
    el("tr", {}, el("td", {}, one.title || one.sku), el("td", {}, strings.say(`compare.kind_${one.kind}`)),
      el("td", {}, number(strings, one.shared * 100), " %"),
      el("td", {}, one.now.slice(0, 3).join(", ")), el("td", {}, one.then.slice(0, 3).join(", "))));
  const head = ["query", "kind", "shared", "now", "then"].map((key) =>
    el("th", { scope: "col" }, strings.say(`compare.${key}`)));
  return el("div", { class: "report" }, el("ul", { class: "reasons" }, ...kinds),
    examples.length > 0 && el("div", { class: "scroll" },
      el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...examples))));
}
