/**
 * Geometry of the crop frame, in shares of the picture: x, y, w, h between 0 and 1.
 * @typedef {{x: number, y: number, w: number, h: number}} Frame
 */

/** @type {Readonly<Frame>} */
export const WHOLE = Object.freeze({ x: 0, y: 0, w: 1, h: 1 });

const LEAST = 0.06;
const NEARLY = 0.985;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** @param {Frame} frame */
export const isWhole = ({ w, h }) => w >= NEARLY && h >= NEARLY;

/** @param {Frame} frame @param {number} dx @param {number} dy @returns {Frame} inside the picture */
export function moved({ x, y, w, h }, dx, dy) {
  return { x: clamp(x + dx, 0, 1 - w), y: clamp(y + dy, 0, 1 - h), w, h };
}

/**
 * One corner dragged; the opposite one stays.
 * @param {Frame} frame @param {"nw"|"ne"|"sw"|"se"} corner @param {number} dx @param {number} dy
 * @returns {Frame}
 */
export function resized({ x, y, w, h }, corner, dx, dy) {
  let [left, top, right, bottom] = [x, y, x + w, y + h];
  if (corner.includes("w")) left = clamp(left + dx, 0, right - LEAST);
  else right = clamp(right + dx, left + LEAST, 1);
  if (corner.includes("n")) top = clamp(top + dy, 0, bottom - LEAST);
  else bottom = clamp(bottom + dy, top + LEAST, 1);
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/**
 * The frame between two points, or null while it is too small to mean anything.
 * @param {{x: number, y: number}} from @param {{x: number, y: number}} to
 * @returns {Frame|null}
 */
export function drawn(from, to) {
  const [left, right] = [from.x, to.x].map((x) => clamp(x, 0, 1)).sort((a, b) => a - b);
  const [top, bottom] = [from.y, to.y].map((y) => clamp(y, 0, 1)).sort((a, b) => a - b);
  if (right - left < LEAST || bottom - top < LEAST) return null;
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/**
 * Whole pixels of a picture, never outside it; null for the whole picture.
 * @param {Frame} frame @param {{width: number, height: number}} size
 * @returns {number[]|null} x, y, w, h
 */
export function toPixels(frame, { width, height }) {
  if (isWhole(frame)) return null;
  const x = clamp(Math.round(frame.x * width), 0, width - 1);
  const y = clamp(Math.round(frame.y * height), 0, height - 1);
  const w = clamp(Math.round(frame.w * width), 1, width - x);
  const h = clamp(Math.round(frame.h * height), 1, height - y);
  return [x, y, w, h];
}

/**
 * @param {number[]|null} box in pixels @param {{width: number, height: number}} size
 * @returns {Frame}
 */
export function fromPixels(box, { width, height }) {
  if (!box) return WHOLE;
  return { x: box[0] / width, y: box[1] / height, w: box[2] / width, h: box[3] / height };
}
