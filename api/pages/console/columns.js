/** What each column of a table was taken for, and saying it otherwise. */

import { el } from "../dom.js";

const FIELDS = [
  "sku", "title", "description", "price", "currency", "brand", "category", "colour", "size", "group",
  "stock", "store", "url", "image",
];
const LEFT_OUT = "-";

/**
 * A table of the columns with a choice for each.
 * @param {any} trial as /v1/uploads/trial tells it @param {import("../strings.js").Strings} strings
 * @param {(column: string, field: string) => void} onChoice
 */
export function columnsTable(trial, strings, onChoice) {
  const head = ["column", "samples", "field"].map((key) => el("th", { scope: "col" }, strings.say(`columns.${key}`)));
  const rows = trial.columns.map((column) =>
    el("tr", { class: column.field === LEFT_OUT ? "out" : "" },
      el("th", { scope: "row" }, column.name),
      el("td", { class: "samples" }, column.samples.join(" · ") || "–"),
      el("td", {}, choice(column, strings, onChoice), why(column, strings))));
  return el("div", { class: "scroll" },
    el("table", { class: "rows columns" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
}

function choice(column, strings, onChoice) {
  const options = FIELDS.map((field) => [field, strings.say(`field.${field}`)]);
  const own = FIELDS.includes(column.field) || column.field === LEFT_OUT ? column.name : column.field;
  if (!FIELDS.includes(own.toLowerCase())) options.push([own, strings.say("columns.own", { name: own })]);
  options.push([LEFT_OUT, strings.say("columns.out")]);
  const chosen = FIELDS.includes(column.field.toLowerCase()) ? column.field.toLowerCase() : column.field;
  const select = el("select", { "aria-label": strings.say("columns.choose", { name: column.name }), "data-column": column.name },
    ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  select.addEventListener("change", () => onChoice(column.name, select.value));
  return select;
}

function why(column, strings) {
  const guessed = column.why === "its content" || column.why === "another name";
  return guessed ? el("small", { class: "hint" }, strings.say("columns.guessed")) : "";
}
