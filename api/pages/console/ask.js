/** Speaking with the door: JSON in and out, one kind of failure, uploads that tell how far they are. */

import { Problem } from "../door.js";

/**
 * Asks and reads the answer as JSON; null for an answer without a body.
 * @param {string} path @param {RequestInit & {json?: any}} [options] `json` becomes the body
 * @returns {Promise<any>}
 */
export async function ask(path, { json, ...options } = {}) {
  const asked = { ...options };
  if (json !== undefined) {
    asked.body = JSON.stringify(json);
    asked.headers = { "Content-Type": "application/json", ...options.headers };
  }
  let answer;
  try {
    answer = await fetch(new URL(path, document.baseURI), asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline");
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return body;
  if (answer.status === 401) document.dispatchEvent(new CustomEvent("signed-out"));
  throw new Problem(body?.code ?? `http-${answer.status}`, body?.detail);
}

/** @param {string} sku */
export const productPath = (sku) => `/v1/products/${encodeURIComponent(sku)}`;

/**
 * Uploads a file as a whole body.
 * @param {string} path @param {File} file @param {(share: number) => void} onShare 0 to 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function upload(path, file, onShare, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has been sent
    request.open("PUT", new URL(path, document.baseURI));
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onShare(event.loaded / (event.total || 1)));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.response?.code ?? `http-${request.status}`, request.response?.detail));
    });
    request.addEventListener("error", () => reject(new Problem("offline")));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}
