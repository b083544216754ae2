/* The things in the photo, each a dot to tap; a photo without dots is searched whole. */
const LOOK_PX = 704; // twice what the finder looks at; a tenth of the bytes
const PATIENCE_MS = 2500;
const APART = [0.17, 0.11]; // shares of the photo: nearer, two dots would be one to a thumb
let finds = true; // until the service says that its operator left the finder out

/**
 * Gives `photo.things`, each with its kind and its box in pixels of the photo, and tells the box to
 * search first, or null for the whole. Never fails. `look` sends a small JPEG to the service.
 */
async function lookedInto(photo, look) {
  if (!photo.width || !finds) return null;
  try {
    const answer = await look(await small(photo), AbortSignal.timeout(PATIENCE_MS));
    finds = answer.status !== 404;
    if (!answer.ok) return null;
    const { regions, prominent, width_px: across } = await answer.json();
    photo.things = regions.map(({ kind, box }) => ({ kind, box: grown(box, photo.width / across, photo) }));
    return photo.things[prominent ?? -1]?.box ?? null;
  } catch {
    return null;
  }
}

async function small({ bytes }) {
  const bitmap = await createImageBitmap(bytes);
  return jpeg(bitmap, LOOK_PX, 0.85).finally(() => bitmap.close());
}

/** A box of the small photo in whole pixels of the one that is searched, inside it. */
function grown([x, y, w, h], scale, { width, height }) {
  const at = (value, most) => Math.min(most, Math.round(value * scale));
  const [left, top] = [at(x, width - 1), at(y, height - 1)];
  return [left, top, Math.max(1, at(x + w, width) - left), Math.max(1, at(y + h, height) - top)];
}

const SPOTS = [[0, 0], [0, -0.3], [0, 0.3], [-0.3, 0], [0.3, 0], [-0.3, -0.3], [0.3, 0.3], [0.3, -0.3], [-0.3, 0.3]];

/** Where each thing's dot lies, in shares of the photo: its middle, else beside an earlier dot. */
function placed({ things = [], width, height }) {
  const set = [];
  for (const { box: [x, y, w, h] } of things) {
    const clear = (at) => !set.some((other) => APART.every((apart, i) => Math.abs(other[i] - at[i]) < apart));
    const spots = SPOTS.map(([dx, dy]) => [(x + w * (0.5 + dx)) / width, (y + h * (0.5 + dy)) / height]);
    const at = spots.find(clear) ?? spots[0];
    for (let tries = 1; tries < 7 && !clear(at); tries += 1) // too small for that: down, up, further down, …
      at[1] = Math.min(0.94, Math.max(0.06, at[1] + APART[1] * tries * (tries % 2 ? 1 : -1)));
    set.push(at);
  }
  return set;
}
