/*
 * <vistazo-search>: search by photo on any page, with one script tag. docs/widget.md tells how.
 *
 *   <script src="https://search.example/v1/widget.js" async></script>
 *   <vistazo-search key="vistazo_pk_…"></vistazo-search>
 *
 * Everything lies in a shadow tree; what strangers wrote reaches it as text only. The photo is sent
 * to the search service and kept nowhere.
 */
if (customElements.get("vistazo-search")) return;

const HERE = new URL(document.currentScript?.src ?? document.baseURI).origin;
const LEAST_FRAME = 0.08;

class VistazoSearch extends HTMLElement {
  static observedAttributes = ["lang"];

  #photo = null; // { bytes, url, width, height, things }
  #box = null; // x, y, w, h in pixels of the photo that is sent
  #like = null;
  #asking = null;
  #searchId = "";

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#draw();
  }

  disconnectedCallback() {
    queueMicrotask(() => { // one that is moved within the page is connected again by now
      if (this.isConnected) return;
      this.#asking?.abort();
      this.#forget();
      this.#shape();
    });
  }

  attributeChangedCallback() {
    if (this.shadowRoot) this.#draw();
  }

  /** Searches with a picture file, as if it had been chosen. @param {Blob} file */
  async search(file) {
    const photo = await prepared(file);
    this.#forget();
    this.#photo = photo;
    this.parts.words.value = "";
    this.#shape();
    this.#wait();
    const meant = await lookedInto(photo, (body, signal) => this.#look(body, signal));
    if (this.#photo !== photo) return; // another photo came, or the element is gone
    const framed = this.#box;
    this.#box ??= meant;
    this.#shape();
    if (!framed) return this.#ask(); // what she framed meanwhile is searched already
  }

  #look(body, signal) {
    const headers = { ...this.#headers(), "Content-Type": "image/jpeg" };
    return fetch(new URL("/v1/regions", this.#service), { method: "POST", headers, body, signal });
  }

  /** Lets go of the photo and of what was asked with it. */
  #forget() {
    if (this.#photo) URL.revokeObjectURL(this.#photo.url);
    this.#photo = this.#box = this.#like = null;
  }

  get #service() {
    return this.getAttribute("service") || HERE;
  }

  #say(key, facts = {}) {
    const language = (this.lang || document.documentElement.lang || navigator.language).slice(0, 2);
    return (SAY[language] ?? SAY.en)[key].replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  }

  #tell(name, detail, more = {}) {
    return this.dispatchEvent(
      new CustomEvent(`vistazo-${name}`, { detail, bubbles: true, composed: true, ...more }),
    );
  }

  #draw() {
    const chosen = (event) => event.target.files[0] && this.search(event.target.files[0]);
    const input = (more) =>
      el("input", { type: "file", accept: "image/*,.heic,.heif", className: "unseen", tabIndex: -1, onchange: chosen, ...more });
    const library = input({ part: "file" });
    const camera = input({ capture: "environment" });
    const button = (key, kind, click) =>
      el("button", { type: "button", className: kind, part: kind || "button", onclick: click }, this.#say(key));
    const stage = el("div", { className: "stage", part: "stage" });
    const words = el("input", { type: "search", maxLength: 200, placeholder: this.#say("words"), part: "words" });
    words.setAttribute("aria-label", this.#say("words"));
    const send = (event) => {
      event.preventDefault();
      this.#ask();
    };
    const whole = button("whole", "whole", () => this.#frame(null));
    const asked = el("div", { className: "asked", part: "asked", hidden: true }, el("div", {}, stage),
      el("div", { className: "acts" },
        el("form", { onsubmit: send, part: "form" }, words, el("button", { type: "submit", className: "go", part: "go" }, this.#say("go"))),
        whole, button("again", "again", () => library.click())));
    const ways = el("div", { className: "ways", part: "ways" }, button("choose", "choose", () => library.click()),
      matchMedia("(pointer: coarse)").matches && button("take", "take", () => camera.click()),
      el("span", { className: "quiet" }, this.#say("drop")));
    const told = el("p", { part: "told", role: "status" });
    const list = el("ul", { part: "results" });
    this.parts = { stage, words, whole, asked, ways, told, list };
    const all = el("div", { part: "all" }, library, camera, ways, asked, told, list);
    this.shadowRoot.replaceChildren(all);
    this.#takeDrops(all);
    this.#takeFrames(stage);
    this.#shape();
  }

  /** What the question alone decides. */
  #shape() {
    const { stage, asked, ways, whole } = this.parts;
    ways.hidden = Boolean(this.#photo || this.#like);
    asked.hidden = !ways.hidden;
    stage.hidden = !this.#photo;
    whole.hidden = !this.#box;
    if (!this.#photo) return;
    const shown = stage.querySelector("img"); // drawn anew, it would flicker
    const image = shown?.src === this.#photo.url ? shown : el("img", { src: this.#photo.url, alt: this.#say("photo"), title: this.#say("frame"), draggable: false });
    const held = this.shadowRoot.activeElement?.dataset.n;
    stage.replaceChildren(image, this.#box ? this.#drawnFrame(this.#box) : "", this.#drawnDots());
    stage.querySelector(`[data-n="${held}"]`)?.focus({ preventScroll: true });
  }

  #drawnDots() {
    const dots = placed(this.#photo).map(([x, y], n) => {
      const { kind, box } = this.#photo.things[n];
      const name = this.#say(kind);
      const dot = el("button", {
        type: "button", className: "dot", part: "dot", title: name, onclick: () => this.#frame(box),
        onpointerdown: (event) => event.stopPropagation(), // or a frame would begin here
        "aria-label": this.#say("thing", { kind: name }), "aria-pressed": `${box}` === `${this.#box}`,
      });
      dot.dataset.n = n;
      Object.assign(dot.style, { left: `${x * 100}%`, top: `${y * 100}%` });
      return dot;
    });
    return dots.length ? el("div", { className: "dots", role: "group", "aria-label": this.#say("things") }, ...dots) : "";
  }

  #drawnFrame([x, y, w, h]) {
    const { width, height } = this.#photo;
    const frame = el("div", { className: "frame", part: "frame" });
    const share = { left: x / width, top: y / height, width: w / width, height: h / height };
    for (const [side, part] of Object.entries(share)) frame.style[side] = `${part * 100}%`;
    return el("div", { className: "clip" }, frame);
  }

  #takeDrops(node) {
    const over = (event) => {
      event.preventDefault();
      node.classList.toggle("over", event.type === "dragover");
      const file = event.type === "drop" && event.dataTransfer.files[0];
      if (file) this.search(file);
    };
    for (const kind of ["dragover", "dragleave", "drop"]) node.addEventListener(kind, over);
  }

  #takeFrames(stage) {
    let from = null;
    const at = (event) => {
      const { left, top, width, height } = stage.getBoundingClientRect();
      const within = (value) => Math.min(1, Math.max(0, value));
      return [within((event.clientX - left) / width), within((event.clientY - top) / height)];
    };
    const framed = (to) => {
      const [x, y] = [0, 1].map((i) => Math.min(from[i], to[i]));
      const [w, h] = [0, 1].map((i) => Math.abs(from[i] - to[i]));
      const { width, height } = this.#photo;
      return w < LEAST_FRAME || h < LEAST_FRAME ? null
        : [Math.floor(x * width), Math.floor(y * height), Math.floor(w * width), Math.floor(h * height)];
    };
    stage.addEventListener("pointerdown", (event) => {
      if (!this.#photo?.width) return; // what this browser cannot show has no places to frame
      from = at(event);
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      const box = from && framed(at(event));
      if (box) stage.replaceChildren(stage.firstChild, this.#drawnFrame(box));
    });
    stage.addEventListener("pointerup", (event) => {
      if (!from) return;
      const box = framed(at(event));
      from = null;
      if (box) this.#frame(box);
      else this.#shape(); // a frame that came to nothing
    });
  }

  #frame(box) {
    this.#box = box;
    this.#shape();
    this.#ask();
  }

  /** Shows that an answer is on its way, and lets go of an earlier one. */
  #wait() {
    this.#asking?.abort();
    const { told, list } = this.parts;
    told.textContent = this.#say("searching");
    list.replaceChildren(...Array.from({ length: 4 }, () => el("li", {}, el("div", { className: "bone" }))));
  }

  async #ask() {
    this.#wait();
    const { signal } = (this.#asking = new AbortController());
    const { told, list } = this.parts;
    const text = this.parts.words.value.trim();
    this.#tell("search", { text, box: this.#box, like: this.#like, photo: Boolean(this.#photo) });
    try {
      const answer = await this.#answer(text, signal);
      this.#searchId = answer.search_id;
      this.#show(answer);
      this.#tell("results", { answer });
      if (answer.hits.length) this.#count("shown");
    } catch (error) {
      if (error.name === "AbortError") return;
      list.replaceChildren();
      told.textContent = error.detail || this.#say("failed");
      this.#tell("error", { code: error.code ?? "offline", detail: error.detail ?? "" });
    }
  }

  async #answer(text, signal) {
    const address = new URL("/v1/search", this.#service);
    const set = (name, value) => value && address.searchParams.set(name, value);
    set("top", this.getAttribute("top") || "12");
    set("text", text);
    set("filter", this.getAttribute("filter"));
    const options = { signal, headers: this.#headers() };
    if (this.#photo) {
      set("box", this.#box?.join(","));
      Object.assign(options, { method: "POST", body: this.#photo.bytes });
      const { type } = this.#photo.bytes;
      options.headers["Content-Type"] = type.startsWith("image/") ? type : "image/heic";
    } else set("like", this.#like);
    const answer = await fetch(address, options);
    const body = await answer.json();
    if (answer.ok) return body;
    throw Object.assign(new Error(body.code), { code: body.code, detail: body.detail });
  }

  #headers() {
    const key = this.getAttribute("key");
    return key ? { Authorization: `Bearer ${key}` } : {};
  }

  #show({ hits, nothing_like_this: nothing }) {
    const { told, list } = this.parts;
    told.textContent = !hits.length ? this.#say("none")
      : this.#say(nothing ? "nothing" : "found", { n: hits.length });
    list.replaceChildren(...hits.map((hit) => this.#card(hit)));
  }

  #card(hit) {
    const image = el("img", { alt: "", loading: "lazy", width: 400, height: 500 });
    this.#load(image, hit.image);
    const title = el("span", { className: "title", part: "title" }, hit.title || hit.sku);
    const price = typeof hit.price === "number" && el("span", { className: "price", part: "price" }, this.#money(hit));
    const out = hit.stock === 0 && el("span", { className: "quiet" }, this.#say("out"));
    const link = el("a", { href: this.#leadsTo(hit), part: "link" }, image, title, price, out);
    link.addEventListener("click", (event) => {
      this.#count("opened", hit.sku);
      if (!this.#tell("open", { product: hit }, { cancelable: true }) || link.getAttribute("href") === "#") event.preventDefault();
    });
    const more = el("button", { type: "button", className: "more", part: "more" }, this.#say("more"));
    more.addEventListener("click", () => this.#moreLike(hit.sku));
    const card = el("li", { part: "card" }, link, more);
    card.dataset.sku = hit.sku;
    return card;
  }

  #moreLike(sku) {
    this.#forget();
    this.#like = sku;
    this.parts.words.value = "";
    this.#shape();
    this.#ask();
  }

  #leadsTo(hit) {
    const template = this.getAttribute("product-url");
    const wanted = template ? template.replace("{sku}", encodeURIComponent(hit.sku)) : hit.url;
    if (!wanted) return "#";
    const address = new URL(wanted, document.baseURI);
    return /^https?:$/.test(address.protocol) ? address.href : "#";
  }

  #money({ price, currency }) {
    const language = this.lang || document.documentElement.lang || undefined;
    const code = currency || this.getAttribute("currency") || "";
    const how = /^[A-Za-z]{3}$/.test(code) ? { style: "currency", currency: code } : { maximumFractionDigits: 2 };
    return new Intl.NumberFormat(language, how).format(price);
  }

  /** A shop that demands keys gives its pictures to who shows one, which an <img> cannot. */
  #load(image, path) {
    if (!path) return;
    const address = new URL(path, this.#service);
    address.searchParams.set("width", "400");
    const fetched = async () => {
      const answer = await fetch(address, { headers: this.#headers() });
      if (!answer.ok) return;
      const url = URL.createObjectURL(await answer.blob());
      const free = () => URL.revokeObjectURL(url); // what is drawn needs it no more
      image.addEventListener("load", free, { once: true });
      image.addEventListener("error", free, { once: true });
      image.src = url;
    };
    image.addEventListener("error", () => fetched().catch(() => {}), { once: true });
    image.src = address.href;
  }

  #count(event, sku = "") {
    const told = { event, search_id: this.#searchId, sku };
    const headers = { ...this.#headers(), "Content-Type": "application/json" };
    const body = JSON.stringify({ events: [told] });
    fetch(new URL("/v1/events", this.#service), { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }
}

customElements.define("vistazo-search", VistazoSearch);
