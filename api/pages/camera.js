/**
 * Taking a photo. A phone's own camera app takes the best one and needs no secure page; elsewhere
 * the page opens the camera itself, and says why when it may not.
 */

import { byId } from "./dom.js";

const REASONS = {
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotAllowedError: "refused",
  SecurityError: "refused",
};
const WISH = { video: { facingMode: "environment", width: { ideal: 1920 } }, audio: false };

export class Camera {
  /**
   * @param {import("./strings.js").Strings} strings
   * @param {(photo: Blob) => void} taken
   */
  constructor(strings, taken) {
    this.strings = strings;
    this.taken = taken;
    this.dialog = byId("camera");
    this.video = byId("camera-view");
    this.word = byId("camera-word");
    this.shoot = byId("camera-shoot");
    this.choose = byId("camera-choose");
    this.shoot.addEventListener("click", () => this.#take());
    this.dialog.addEventListener("close", () => this.#stop());
  }

  /** @param {HTMLInputElement} capture the input that opens a phone's camera app */
  open(capture) {
    if (matchMedia("(pointer: coarse)").matches && "capture" in capture) return capture.click();
    this.dialog.showModal();
    return this.#start();
  }

  async #start() {
    this.#tell("camera.starting", false);
    if (!navigator.mediaDevices?.getUserMedia) return this.#tell("camera.insecure", true);
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WISH);
      if (!this.dialog.open) return stop(stream);
      this.stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      return this.#tell(`camera.${REASONS[error.name] ?? "busy"}`, true);
    }
    this.word.textContent = "";
    this.video.hidden = false;
    this.shoot.hidden = false;
    this.shoot.focus();
  }

  #tell(key, failed) {
    this.word.textContent = this.strings.say(key);
    this.video.hidden = true;
    this.shoot.hidden = true;
    this.choose.hidden = !failed;
  }

  #take() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    canvas.toBlob(
      (photo) => {
        this.dialog.close();
        if (photo) this.taken(photo);
      },
      "image/jpeg",
      0.92,
    );
  }

  #stop() {
    if (this.stream) stop(this.stream);
    this.stream = undefined;
    this.video.srcObject = null;
  }
}

const stop = (stream) => stream.getTracks().forEach((track) => track.stop());
