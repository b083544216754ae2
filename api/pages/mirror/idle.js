/**
 * Who leaves without a word must not leave her visit open to the next one who stands here: after a
 * while without a touch she is asked, and then her visit is ended.
 */

const IDLE_S = 180;
const ASKED_S = 30;

export class Idle {
  /**
   * @param {() => boolean} busy whether something goes on that needs no touch
   * @param {(seconds: number) => void} asks tells her, each second; 0 when she is there again
   * @param {() => void} gone called once, when nobody answered
   */
  constructor(busy, asks, gone) {
    Object.assign(this, { busy, asks, gone, asked: false });
    // A shop may choose another patience: /mirror?idle_s=60#…
    const said = Number(new URLSearchParams(location.search).get("idle_s"));
    this.idleS = said > 0 ? said : IDLE_S;
    this.touch();
    for (const kind of ["pointerdown", "keydown", "input"]) {
      addEventListener(kind, () => this.touch(), { capture: true });
    }
  }

  touch() {
    this.touchedMs = performance.now();
    if (this.asked) this.asks(0);
    this.asked = false;
  }

  /** Looks at the time; `open` says whether there is a visit to end. */
  tick(open) {
    if (!open || this.busy()) return this.touch();
    const left = this.idleS + ASKED_S - (performance.now() - this.touchedMs) / 1000;
    if (left > ASKED_S) return;
    this.asked = left > 0;
    if (left > 0) return this.asks(Math.ceil(left));
    this.touch();
    this.gone();
  }
}
