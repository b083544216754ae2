/* The photo before it travels, and the elements that are drawn with. */
const LARGE_BYTES = 4_000_000;
const SIDE_PX = 2048;

/** An element with properties, listeners (`on…`) and children; texts stay texts. */
function el(tag, { part, ...props } = {}, ...children) {
  const node = document.createElement(tag);
  if (part) node.setAttribute("part", part);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child || child === ""));
  return node;
}

/** The photo as it is sent: a large one is made smaller first where the browser can read it. */
async function prepared(file) {
  const bitmap = await createImageBitmap(file).catch(() => null); // HEIC: the service reads it
  if (!bitmap) return { bytes: file, url: URL.createObjectURL(file), width: 0, height: 0 };
  const { width, height } = bitmap;
  if (file.size <= LARGE_BYTES) {
    bitmap.close(); // its pixels are tens of megabytes, and the browser frees them when it likes
    return { bytes: file, url: URL.createObjectURL(file), width, height };
  }
  const bytes = await jpeg(bitmap, SIDE_PX, 0.9);
  const scale = Math.min(1, SIDE_PX / Math.max(width, height));
  bitmap.close();
  return { bytes, url: URL.createObjectURL(bytes), width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The bitmap as a JPEG of at most `side` pixels a side. */
async function jpeg(bitmap, side, quality) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = el("canvas", { width: Math.round(bitmap.width * scale) || 1, height: Math.round(bitmap.height * scale) || 1 });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // transparent becomes white, as the service sees it
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
}
