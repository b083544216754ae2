/** The things in the shopper's photo, as the door finds them. */

import { regions } from "./door.js";
import { scaled } from "./picture.js";

const SIDE_PX = 704; // twice what the finder looks at; a tenth of the bytes
const PATIENCE_MS = 2_500;

/**
 * Finds them once for a picture (`picture.things`) and tells the box to search first, or null for
 * the whole picture. Never fails: a photo without dots is searched as ever.
 * @param {import("./picture.js").Picture} picture
 * @returns {Promise<number[]|null>}
 */
export async function lookInto(picture) {
  picture.things = [];
  if (!picture.url) return null;
  try {
    const answer = await regions(await small(picture), AbortSignal.timeout(PATIENCE_MS));
    const across = picture.width / answer.width_px;
    const down = picture.height / answer.height_px;
    picture.things = answer.regions.map((thing) => ({ ...thing, box: grown(thing.box, across, down, picture) }));
    return picture.things[answer.prominent ?? -1]?.box ?? null;
  } catch {
    return null;
  }
}

async function small(picture) {
  const bitmap = await createImageBitmap(picture.bytes, { imageOrientation: "from-image" });
  const blob = await scaled(bitmap, SIDE_PX, 0.85);
  bitmap.close();
  return blob;
}

/** A box of the small picture in whole pixels of the large one, inside it. */
function grown([x, y, w, h], across, down, { width, height }) {
  const left = Math.min(width - 1, Math.round(x * across));
  const top = Math.min(height - 1, Math.round(y * down));
  const right = Math.min(width, Math.round((x + w) * across));
  const bottom = Math.min(height, Math.round((y + h) * down));
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}
