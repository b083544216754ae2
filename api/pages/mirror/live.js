/**
 * The live picture: packets over a WebSocket, decoded here, drawn on a canvas as soon as they are
 * there. What cannot be shown in time is skipped up to the next key, here or at the sender.
 */

const TICKS_PER_MS = 90;
const AGAIN_MS = [300, 1000, 3000];
/** The sender's words for a line that will not be opened by trying again. */
const CLOSED_FOR_GOOD = new Set([4401, 4403]);

export class Live {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => string} pass what opens the line
   * @param {{state: (said: any) => void, line: (open: boolean, code: number) => void, gap: () => void}} hears
   */
  constructor(canvas, pass, hears) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.pass = pass;
    this.hears = hears;
    this.failures = 0;
    this.shown = 0;
    this.latest = null;
  }

  /** Opens the line and keeps it open. */
  open() {
    const address = new URL("/live", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.received = this.acknowledged = 0;
    this.wantsKey = true;
    this.socket.onopen = () => this.socket.send(JSON.stringify({ pass: this.pass() }));
    this.socket.onmessage = (message) => this.#hear(message.data);
    this.socket.onclose = (event) => this.#closed(event.code);
  }

  #closed(code) {
    this.#forgetDecoder();
    this.hears.line(false, code);
    if (CLOSED_FOR_GOOD.has(code)) return;
    setTimeout(() => this.open(), AGAIN_MS[Math.min(this.failures++, AGAIN_MS.length - 1)]);
  }

  #hear(data) {
    if (typeof data !== "string") return this.#take(new DataView(data));
    const said = JSON.parse(data);
    if (said.format) return this.#configure(said.format);
    this.failures = 0;
    this.hears.line(true, 0);
    this.hears.state(said);
  }

  #configure({ description, ...config }) {
    this.#forgetDecoder();
    this.wantsKey = true;
    this.decoder = new VideoDecoder({
      output: (frame) => this.#show(frame),
      error: () => this.socket.close(), // a fresh line begins with a key
    });
    this.decoder.ondequeue = () => this.#acknowledge();
    if (description) config.description = Uint8Array.from(atob(description), (c) => c.charCodeAt(0));
    this.decoder.configure({ ...config, optimizeForLatency: true });
  }

  /** One packet: 16 bytes of head (see api/mirror_live.py), then what was encoded. */
  #take(view) {
    this.received += 1;
    const flags = view.getUint8(0);
    const key = Boolean(flags & 1);
    if (flags & 2) this.hears.gap();
    if (key) this.wantsKey = false;
    if (this.wantsKey || this.decoder?.state !== "configured") return this.#acknowledge();
    const timestamp = (Number(view.getBigInt64(8)) / TICKS_PER_MS) * 1000;
    const data = new Uint8Array(view.buffer, 16);
    this.decoder.decode(new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp, data }));
    this.#acknowledge();
  }

  /** Tells the sender how much was taken up, so that it never sends what would only wait here. */
  #acknowledge() {
    const taken = this.received - (this.decoder?.decodeQueueSize ?? 0) - this.acknowledged;
    if (taken <= 0 || this.socket.readyState !== WebSocket.OPEN) return;
    this.acknowledged += taken;
    this.socket.send(String(taken));
  }

  /** The newest frame waits for the screen; an older one that did not get there is let go. */
  #show(frame) {
    this.latest?.close();
    if (!this.latest) requestAnimationFrame(() => this.#draw());
    this.latest = frame;
    if (document.hidden) this.#draw();
  }

  #draw() {
    const frame = this.latest;
    if (!frame) return;
    this.latest = null;
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.drawImage(frame, 0, 0, width, height);
    frame.close();
    this.shown += 1;
    this.canvas.dataset.shown = String(this.shown);
  }

  #forgetDecoder() {
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.latest?.close();
    this.latest = null;
  }
}
