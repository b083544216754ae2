/** The fifth room: what shoppers looked for and did not find, told of groups only. */

import { el } from "../dom.js";
import { ask } from "./ask.js";
import { number } from "./parts.js";

export class Demand {
  constructor(place, strings) {
    this.place = place;
    this.strings = strings;
  }

  async enter() {
    const { strings } = this;
    this.months = el("select", { id: "months", "aria-label": strings.say("demand.months") },
      ...[1, 3, 12].map((n) => el("option", { value: n }, strings.say("demand.of_months", { n }))));
    this.months.addEventListener("change", () => this.#load());
    this.told = el("div");
    this.place.append(
      el("h1", { id: "room-heading" }, strings.say("demand.heading")),
      el("p", { class: "quiet" }, strings.say("demand.lead")),
      el("div", { class: "bar" }, this.months), this.told);
    await this.#load();
  }

  async #load() {
    const { strings } = this;
    try {
      this.#show(await ask(`/v1/demand?months=${this.months.value}`));
    } catch (problem) {
      this.told.replaceChildren(el("p", { class: "told" }, problem.sentence(strings)));
    }
  }

  #show(told) {
    const { strings } = this;
    const { totals, rates } = told;
    const counts = [
      ["searches", number(strings, totals.searches)],
      ["refused", `${number(strings, rates.refused * 100, 1)} %`],
      ["empty", `${number(strings, rates.empty * 100, 1)} %`],
      ["click_through", `${number(strings, rates.click_through * 100, 1)} %`],
      ["opened", number(strings, totals.opened)],
      ["saved", number(strings, totals.saved)],
      ["added_to_cart", number(strings, totals.added_to_cart)],
      ["bought", number(strings, totals.bought)],
    ].map(([what, n]) => el("li", {}, el("b", {}, n), " ", strings.say(`demand.${what}`)));
    const missed = [...told.groups].sort((a, b) => b.missed - a.missed);
    this.told.replaceChildren(
      el("ul", { class: "counts" }, ...counts),
      missed.length
        ? el("div", { class: "scroll" }, this.#table(missed))
        : el("p", { class: "quiet" }, strings.say("demand.none", { n: told.group_above })));
  }

  #table(groups) {
    const { strings } = this;
    const head = ["what", "kind", "missed", "asked", "devices"].map((key) => el("th", { scope: "col" }, strings.say(`demand.col_${key}`)));
    return el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...groups.slice(0, 100).map((group) =>
        el("tr", {}, el("td", {}, group.value), el("td", {}, strings.say(`demand.is_${group.what}`)),
          el("td", { class: "figure" }, number(strings, group.missed)),
          el("td", { class: "figure" }, number(strings, group.searches)),
          el("td", { class: "figure" }, number(strings, group.devices))))));
  }
}
