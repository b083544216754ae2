/** Speaking with the door: one function per question, one kind of failure. */

import { filterText } from "./query.js";

/** A question that was not answered. `code` is the door's stable code, or "offline". */
export class Problem extends Error {
  /** @param {string} code @param {string} [detail] */
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
    this.detail = detail;
  }

  /** What to tell the shopper: our own sentence for a known code, else the door's. */
  sentence(strings) {
    const key = this.code === "offline" ? "error.offline" : `error.code.${this.code}`;
    return strings.has(key) ? strings.say(key) : this.detail || strings.say("error.unknown");
  }
}

/**
 * Asks for products.
 * @param {import("./query.js").Query} query
 * @param {Blob|null} bytes the picture, when the query has one
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} the answer as the door's documentation describes it
 */
export async function search(query, bytes, signal) {
  const address = new URL("/v1/search", document.baseURI);
  const filter = filterText(query.filters);
  if (query.text) address.searchParams.set("text", query.text);
  if (query.like) address.searchParams.set("like", query.like);
  if (query.box && bytes) address.searchParams.set("box", query.box.join(","));
  if (filter) address.searchParams.set("filter", filter);
  address.searchParams.set("top", String(query.top));
  if (!bytes) return ask(address, { signal });
  return ask(address, { method: "POST", body: bytes, headers: { "Content-Type": typeOf(bytes) }, signal });
}

/** The things in a picture. @param {Blob} bytes @param {AbortSignal} [signal] */
export function regions(bytes, signal) {
  const headers = { "Content-Type": typeOf(bytes) };
  return ask(new URL("/v1/regions", document.baseURI), { method: "POST", body: bytes, headers, signal });
}

/** @param {string} sku @param {AbortSignal} [signal] */
export const product = (sku, signal) =>
  ask(new URL(`/v1/products/${encodeURIComponent(sku)}`, document.baseURI), { signal });

/** What this device has saved, youngest first. @param {number} limit @param {string|null} [cursor] */
export function saved(limit, cursor = null) {
  const address = new URL("/v1/saved", document.baseURI);
  address.searchParams.set("limit", String(limit));
  if (cursor) address.searchParams.set("cursor", cursor);
  return ask(address, {});
}

/** @param {string} sku */
export const save = (sku) => ask(productSaved(sku), { method: "PUT" });

/** @param {string} sku */
export const unsave = (sku) => ask(productSaved(sku), { method: "DELETE" });

/** @param {string} id */
export const deleteSaved = (id) =>
  ask(new URL(`/v1/saved/${encodeURIComponent(id)}`, document.baseURI), { method: "DELETE" });

export const deleteAllSaved = () => ask(new URL("/v1/saved", document.baseURI), { method: "DELETE" });

/** Keeps a photo and what is found with it. @param {import("./query.js").Query} query @param {Blob} bytes */
export function keepSnap(query, bytes) {
  const address = new URL("/v1/saved/snaps", document.baseURI);
  if (query.text) address.searchParams.set("text", query.text);
  if (query.box) address.searchParams.set("box", query.box.join(","));
  return ask(address, { method: "POST", body: bytes, headers: { "Content-Type": typeOf(bytes) } });
}

/** Tells what came of searches; also while the page is being left. @param {object[]} events */
export function tellEvents(events) {
  const address = new URL("/v1/events", document.baseURI);
  const body = new Blob([JSON.stringify({ events })], { type: "application/json" });
  if (navigator.sendBeacon?.(address, body)) return;
  fetch(address, { method: "POST", body, keepalive: true }).catch(() => {}); // counts may miss one
}

const productSaved = (sku) => new URL(`/v1/saved/products/${encodeURIComponent(sku)}`, document.baseURI);

// The door looks at the bytes; the browser often knows no type for HEIC.
const typeOf = (bytes) => (bytes.type.startsWith("image/") ? bytes.type : "image/heic");

/** The shop: its name, its currency, what can be filtered. */
export const shop = () => ask(new URL("/v1/shop", document.baseURI), {});

/**
 * A picture of the door at a width, as a thumbnail.
 * @param {string} path @param {number} widthPx
 */
export function pictureAt(path, widthPx) {
  const address = new URL(path, document.baseURI);
  address.searchParams.set("width", String(widthPx));
  return address.href;
}

async function ask(address, options) {
  const answer = await reach(address, options);
  if (answer.status === 204) return null;
  const body = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (answer.ok && body) return body;
  throw new Problem(body?.code ?? `http-${answer.status}`, body?.detail);
}

async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline");
  }
}
