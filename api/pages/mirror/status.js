/** How the mirror is, for whoever looks after it: facts, renewed every second, never a picture. */

import { byId, el } from "../dom.js";
import { loadStrings } from "../strings.js";

const EVERY_MS = 1000;
const LITTLE_BYTES = 1e9;
const FEW_FRAMES = 5;
const GOOD_WATCHES = new Set(["on", "off", "resting"]);

/** @returns {[string, string, boolean][]} what, how it is, and whether that is bad */
function factsOf(state, strings) {
  const say = (key, facts) => strings.say(`status.${key}`, facts);
  const number = (value, digits) =>
    value.toLocaleString(strings.language, { maximumFractionDigits: digits });
  const ring = { seconds: number(state.ring_s, 1), megabytes: number(state.ring_bytes / 1e6, 1) };
  const watched = strings.has(`status.watch_${state.watch}`) ? say(`watch_${state.watch}`) : state.watch;
  const gap = state.last_gap_at && new Date(state.last_gap_at).toLocaleString(strings.language);
  return [
    [say("camera"), `${state.camera} ${state.camera_says}`, !state.camera_ok],
    [say("rate"), number(state.frames_per_s, 1), state.frames_per_s < FEW_FRAMES],
    [say("ring"), say("ring_holds", ring), false],
    [say("watch"), watched, !GOOD_WATCHES.has(state.watch)],
    [say("encoder"), state.encoder || say("none"), false],
    [say("gap"), gap || say("none"), false],
    [say("server"), say(state.server_ok ? "answers" : "silent"), !state.server_ok],
    [say("waiting"), String(state.waiting.length), false],
    [say("disk"), say("free", { gigabytes: number(state.disk_free_bytes / 1e9, 1) }), state.disk_free_bytes < LITTLE_BYTES],
    ...Object.entries(state.refused).map(([id, why]) => [say("refused", { id }), why, true]),
  ];
}

function draw(state, strings) {
  const light = state ? (state.camera_ok || state.indicator === "recording" ? state.indicator : "lost") : "away";
  byId("light").dataset.is = light;
  byId("light-word").textContent = strings.say(`light.${light}`);
  document.title = strings.say("status.title");
  if (!state) {
    byId("heading").textContent = strings.say("veil.away");
    return;
  }
  byId("heading").textContent = strings.say(state.camera_ok && state.server_ok ? "status.well" : "status.ill");
  const lines = factsOf(state, strings).flatMap(([name, value, bad]) => [
    el("dt", {}, name),
    el("dd", { class: bad && "bad" }, value),
  ]);
  byId("facts").replaceChildren(...lines);
}

const strings = await loadStrings("mirror/strings.json");
let state = null;

async function look() {
  try {
    state = await (await fetch("/status.json")).json();
  } catch {
    state = null;
  }
  draw(state, strings);
  setTimeout(look, EVERY_MS);
}

byId("language").onclick = () => {
  strings.toggle();
  strings.fill();
  draw(state, strings);
};
strings.fill();
await look();
document.documentElement.dataset.ready = "";
