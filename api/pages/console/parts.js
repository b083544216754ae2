/** Parts that every room of the console uses: a toast, a question, a labelled field, a picture. */

import { byId, el } from "../dom.js";
import { pictureAt } from "../door.js";

let hiding = 0;

/** Says something shortly, at the bottom, to eyes and ears. @param {string} text */
export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (node.hidden = true), 6000);
}

/**
 * Opens the sheet with a heading and a body; resolves when it closes.
 * @param {string} heading @param {...(Node|string)} body
 */
export function sheet(heading, ...body) {
  const dialog = byId("sheet");
  byId("sheet-heading").textContent = heading;
  byId("sheet-body").replaceChildren(...body);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/**
 * Asks before something is lost.
 * @param {import("../strings.js").Strings} strings @param {string} question @param {string} deed
 * @returns {Promise<boolean>}
 */
export async function sure(strings, question, deed) {
  const dialog = byId("sheet");
  dialog.returnValue = "";
  const yes = el("button", { type: "button", class: "button alarm", on: { click: () => dialog.close("yes") } }, deed);
  const no = el("button", { type: "button", class: "button", on: { click: () => dialog.close("") } }, strings.say("page.cancel"));
  const answer = sheet(strings.say("page.sure"), el("p", {}, question), el("div", { class: "acts" }, no, yes));
  no.focus();
  return (await answer) === "yes";
}

/** A label over a control. @param {string} label @param {HTMLElement} control @param {string} [hint] */
export function field(label, control, hint = "") {
  return el("label", { class: "line" }, el("span", {}, label), control, hint && el("small", { class: "hint" }, hint));
}

/** A small picture of a product. @param {string|null} path @param {number} [widthPx] */
export function small(path, widthPx = 160) {
  if (!path) return el("span", { class: "thumb-none", "aria-hidden": "true" });
  return el("img", { class: "thumb", src: pictureAt(path, widthPx), alt: "", loading: "lazy", width: 48, height: 60 });
}

/** A number as the language writes it. @param {import("../strings.js").Strings} strings @param {number} n */
export const number = (strings, n, digits = 0) =>
  Number(n).toLocaleString(strings.language, { maximumFractionDigits: digits });

/** What a sentence about `n` things is told: which of its forms, and the number as it is written. */
export const counted = (strings, n) => ({ n: n === 1 ? 1 : 2, shown: number(strings, n) });

/** A moment as the language writes it. */
export const moment = (strings, iso) =>
  new Date(iso).toLocaleString(strings.language, { dateStyle: "medium", timeStyle: "short" });

/** A button. @param {string} text @param {() => void} act @param {string} [kind] */
export const button = (text, act, kind = "") =>
  el("button", { type: "button", class: `button ${kind}`, on: { click: act } }, text);
