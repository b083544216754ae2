/** The ways a photo comes in: chosen, taken, dropped anywhere on the page, or pasted. */

import { Camera } from "./camera.js";
import { byId } from "./dom.js";
import { pictureIn } from "./picture.js";

export class Intake {
  /**
   * @param {import("./strings.js").Strings} strings
   * @param {(file: Blob) => void} taken
   * @param {() => void} onlyLink a link was dropped, not a picture
   */
  constructor(strings, taken, onlyLink) {
    this.library = byId("library");
    this.capture = byId("capture");
    const camera = new Camera(strings, taken);
    for (const input of [this.library, this.capture]) {
      input.addEventListener("change", () => {
        const [file] = input.files;
        input.value = ""; // the same file may be chosen again
        if (file) taken(file);
      });
    }
    for (const button of document.querySelectorAll("[data-choose]"))
      button.addEventListener("click", () => this.choose());
    for (const button of document.querySelectorAll("[data-take]"))
      button.addEventListener("click", () => camera.open(this.capture));
    byId("camera-choose").addEventListener("click", () => {
      byId("camera").close();
      this.choose();
    });
    document.addEventListener("paste", (event) => {
      const file = pictureIn(event.clipboardData);
      if (file) taken(file);
    });
    this.#drops(taken, onlyLink);
  }

  choose() {
    this.library.click();
  }

  #drops(taken, onlyLink) {
    const cover = byId("drop");
    let depth = 0; // enter and leave come for every element crossed
    const show = (by) => {
      depth = Math.max(0, depth + by);
      cover.hidden = depth === 0;
    };
    // A picture of this page dragged about is no new photo.
    const foreign = (event) =>
      !this.ours &&
      [...event.dataTransfer.types].some((type) => type === "Files" || type === "text/uri-list");
    addEventListener("dragstart", () => (this.ours = true));
    addEventListener("dragend", () => (this.ours = false));
    addEventListener("dragenter", (event) => foreign(event) && show(1));
    addEventListener("dragleave", (event) => foreign(event) && show(-1));
    addEventListener("dragover", (event) => foreign(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!foreign(event)) return;
      event.preventDefault();
      show(-depth);
      const file = pictureIn(event.dataTransfer) ?? event.dataTransfer.files[0];
      if (file) taken(file);
      else onlyLink();
    });
  }
}
