/**
 * Photos of this visit. They live in memory only: no storage of the browser is used, because
 * session storage and the history reach a disk.
 */

const LARGE_BYTES = 4_000_000;
const SIDE_PX = 2048;
const THUMB_PX = 160;

/**
 * @typedef {object} Picture
 * @property {number} id
 * @property {Blob} bytes what is sent
 * @property {string|null} url to show it, null where this browser cannot (HEIC, TIFF)
 * @property {string|null} thumb
 * @property {number} width upright, in pixels of `bytes`; 0 where unknown
 * @property {number} height
 * @property {Thing[]} [things] once they were looked for
 * @property {number[]|null} [meant] the box that was searched first
 *
 * @typedef {object} Thing
 * @property {number[]} box x, y, w, h in pixels of the upright picture
 * @property {string} kind
 * @property {number} confidence
 */

export class Pictures {
  constructor() {
    /** @type {Map<number, Picture>} */
    this.kept = new Map();
  }

  /** @param {number|null} id */
  find(id) {
    return id === null ? null : (this.kept.get(id) ?? null);
  }

  /** The last photos, newest first. @param {number} count */
  recent(count) {
    return [...this.kept.values()]
      .filter((picture) => picture.thumb)
      .reverse()
      .slice(0, count);
  }

  /**
   * Takes a file in: bytes over 4 MB are made smaller first, as no search looks at more than
   * 2,048 pixels a side; what this browser cannot decode is kept and sent as it is.
   * @param {Blob} file
   * @returns {Promise<Picture>}
   */
  async take(file) {
    const id = this.kept.size + 1;
    const picture = await read(file).then(
      (bitmap) => prepare(file, bitmap),
      () => ({ bytes: file, url: null, thumb: null, width: 0, height: 0 }),
    );
    this.kept.set(id, { id, ...picture });
    return this.kept.get(id);
  }
}

/** The upright bitmap: EXIF's orientation is applied, as the door does. */
const read = (file) => createImageBitmap(file, { imageOrientation: "from-image" });

async function prepare(file, bitmap) {
  const thumb = URL.createObjectURL(await scaled(bitmap, THUMB_PX, 0.8));
  if (file.size > LARGE_BYTES) {
    const { width, height } = fit(bitmap, SIDE_PX);
    const bytes = await scaled(bitmap, SIDE_PX, 0.92);
    bitmap.close();
    return { bytes, url: URL.createObjectURL(bytes), thumb, width, height };
  }
  const { width, height } = bitmap;
  bitmap.close();
  return { bytes: file, url: URL.createObjectURL(file), thumb, width, height };
}

function fit({ width, height }, sidePx) {
  const scale = Math.min(1, sidePx / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** @returns {Promise<Blob>} a JPEG whose longer side is at most `sidePx` */
export async function scaled(bitmap, sidePx, quality) {
  const canvas = Object.assign(document.createElement("canvas"), fit(bitmap, sidePx));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // transparent stays white, as on the server
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no blob"))), "image/jpeg", quality);
  });
}

/**
 * The first picture among what was dropped or pasted, or null.
 * @param {DataTransfer|null} transfer
 */
export function pictureIn(transfer) {
  return (
    [...(transfer?.files ?? [])].find(
      (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name),
    ) ?? null
  );
}
