/**
 * This browser as the mirror's camera: captures, encodes (WebCodecs) and pushes every frame. Sound
 * is never asked for. Where the line is slow, frames are left out here rather than late there.
 */

const ASKED = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 30 } };
const CODECS = ["avc1.640028", "avc1.42e028", "vp8", "vp09.00.40.08"];
const BITS_PER_S = 6_000_000;
const KEY_EVERY_MS = 1000;
const MOST_BUFFERED_BYTES = 1_500_000;
const AGAIN_MS = 2000;
const FOR_GOOD = new Set([4403, 4409, 4415]);

export class Feeder {
  /** @param {() => string} pass @param {(key: string) => void} tells why it does not work */
  constructor(pass, tells) {
    this.pass = pass;
    this.tells = tells;
    this.running = false;
  }

  /** Asks for the camera and pushes until the page is closed; a second call changes nothing. */
  async start() {
    if (this.running) return;
    this.running = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: ASKED, audio: false });
      this.track = stream.getVideoTracks()[0];
    } catch (error) {
      this.tells(error.name === "NotAllowedError" ? "feed.refused" : "feed.absent");
      setTimeout(() => this.#again(), AGAIN_MS);
      return;
    }
    this.track.onended = () => this.#again();
    await this.#line();
  }

  #again() {
    this.running = false;
    this.start();
  }

  async #line() {
    const { width = 1280, height = 720 } = this.track.getSettings();
    this.codec = await supported(width, height);
    const address = new URL("/camera", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address);
    this.socket.onopen = () => this.socket.send(JSON.stringify({ pass: this.pass(), codec: this.codec }));
    this.socket.onmessage = () => this.#capture(width, height);
    this.socket.onclose = (event) => {
      this.encoder = null;
      this.reader?.cancel();
      if (!FOR_GOOD.has(event.code)) setTimeout(() => this.#line(), AGAIN_MS);
      else if (event.code === 4409) this.tells("feed.busy");
    };
  }

  async #capture(width, height) {
    if (this.codec === "jpeg") this.encoder = new JpegEncoder((data, us) => this.#push(data, us, true));
    else this.encoder = this.#open(width, height);
    const { encoder } = this;
    this.keyAtMs = 0;
    this.reader = framesOf(this.track).getReader();
    for (;;) {
      const { value: frame, done } = await this.reader.read();
      if (done || encoder !== this.encoder) {
        frame?.close();
        return;
      }
      this.#encode(frame);
    }
  }

  #open(width, height) {
    const encoder = new VideoEncoder({
      output: (chunk) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        this.#push(data, chunk.timestamp, chunk.type === "key");
      },
      error: () => this.socket.close(), // a fresh line makes a fresh encoder
    });
    encoder.configure(config(this.codec, width, height));
    return encoder;
  }

  /** A frame goes into the encoder, unless encoder or line are behind: then it is left out. */
  #encode(frame) {
    const behind = this.encoder.encodeQueueSize > 2 || this.socket.bufferedAmount > MOST_BUFFERED_BYTES;
    if (!behind) {
      const now = performance.now();
      const keyFrame = now - this.keyAtMs >= KEY_EVERY_MS;
      if (keyFrame) this.keyAtMs = now;
      this.encoder.encode(frame, { keyFrame });
    }
    frame.close();
  }

  /** See api/mirror_feed.py for the 16 bytes of head. */
  #push(data, timestamp, key) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const message = new Uint8Array(16 + data.length);
    const view = new DataView(message.buffer);
    view.setUint8(0, key ? 1 : 0);
    view.setBigInt64(8, BigInt(Math.max(0, Math.round(timestamp))));
    message.set(data, 16);
    this.socket.send(message);
  }
}

const config = (codec, width, height) => ({
  codec,
  width,
  height,
  bitrate: BITS_PER_S,
  framerate: 30,
  latencyMode: "realtime",
  ...(codec.startsWith("avc1") ? { avc: { format: "annexb" } } : {}),
});

/** The first codec that this browser encodes; single JPEG pictures where it encodes none. */
async function supported(width, height) {
  const forced = new URLSearchParams(location.search).get("codec");
  if (forced) return forced;
  if (typeof VideoEncoder === "undefined") return "jpeg";
  for (const codec of CODECS) {
    const answer = await VideoEncoder.isConfigSupported(config(codec, width, height)).catch(() => null);
    if (answer?.supported) return codec;
  }
  return "jpeg";
}

/** Single pictures: every one is a key. Behaves as a VideoEncoder as far as #encode asks. */
class JpegEncoder {
  constructor(output) {
    this.output = output;
    this.encodeQueueSize = 0;
    this.canvas = new OffscreenCanvas(1, 1);
    this.last = Promise.resolve();
  }

  /** Pictures are compressed side by side, and handed out in the order in which they were taken. */
  encode(frame) {
    const { displayWidth: width, displayHeight: height, timestamp } = frame;
    if (this.canvas.width !== width) Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d").drawImage(frame, 0, 0);
    this.encodeQueueSize += 1;
    const made = this.canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    this.last = this.last.then(async () => {
      this.output(new Uint8Array(await (await made).arrayBuffer()), timestamp);
      this.encodeQueueSize -= 1;
    });
  }
}

/** A track's frames: by MediaStreamTrackProcessor, or off a <video> where there is none. */
function framesOf(track) {
  if (typeof MediaStreamTrackProcessor !== "undefined") {
    return new MediaStreamTrackProcessor({ track, maxBufferSize: 2 }).readable;
  }
  const video = Object.assign(document.createElement("video"), {
    srcObject: new MediaStream([track]), muted: true, playsInline: true,
  });
  return new ReadableStream({
    async start() {
      await video.play();
    },
    pull: (out) =>
      new Promise((done) => {
        video.requestVideoFrameCallback((now) => {
          out.enqueue(new VideoFrame(video, { timestamp: Math.round(now * 1000) }));
          done();
        });
      }),
  });
}
