/* How the widget looks; a page changes it by the --vistazo-… variables. */
const STYLE = `
  :host { display: block; container-type: inline-size; color: var(--vistazo-ink, #1b1917); background: var(--vistazo-paper, transparent);
    font: var(--vistazo-font, 400 1rem/1.5 system-ui, sans-serif); --a: var(--vistazo-accent, #ffc42e);
    --on: var(--vistazo-on-accent, #1b1917); --l: var(--vistazo-line, #d5d1ca); --r: var(--vistazo-radius, 12px); }
  :host([hidden]), [hidden] { display: none !important; }
  * { box-sizing: border-box; }
  button, input { font: inherit; color: inherit; }
  button { cursor: pointer; min-height: 44px; padding: 0 18px; border: 1px solid var(--l); border-radius: 22px; background: transparent; }
  .go, .choose { background: var(--a); border-color: var(--a); color: var(--on); font-weight: 600; }
  :focus-visible { outline: 3px solid var(--vistazo-focus, currentColor); outline-offset: 2px; }
  .ways, .acts { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; }
  .quiet { opacity: 0.72; font-size: 0.875rem; }
  .over { outline: 3px dashed var(--a); outline-offset: 6px; }
  .asked { display: grid; gap: 12px; margin-block: 16px; grid-template-columns: minmax(0, 220px) minmax(0, 1fr); align-items: start; }
  .stage { position: relative; touch-action: none; user-select: none; cursor: crosshair; line-height: 0; }
  .stage img { width: 100%; border-radius: var(--r); display: block; -webkit-user-drag: none; }
  .frame { position: absolute; border: 3px solid var(--a); border-radius: 8px; box-shadow: 0 0 0 1px #0008, 0 0 0 9999px #0006; pointer-events: none; }
  .dots { position: absolute; inset: 0; pointer-events: none; }
  .dot { position: absolute; width: 36px; height: 36px; min-height: 0; margin: -18px 0 0 -18px; padding: 0; border: 0; pointer-events: auto; touch-action: manipulation; }
  .dot::after { content: ""; position: absolute; inset: 11px; border-radius: 50%; background: #fff; box-shadow: 0 0 0 4px #fff7, 0 0 0 5px #0006; }
  .dot:hover::after { inset: 9px; }
  .dot[aria-pressed=true]::after { background: var(--a); box-shadow: 0 0 0 3px #fff, 0 0 0 4px #0008; }
  .dot:focus-visible { outline: 3px solid #fff; outline-offset: -3px; box-shadow: 0 0 0 2px #000; }
  .clip { position: absolute; inset: 0; overflow: hidden; border-radius: var(--r); pointer-events: none; }
  form { display: flex; gap: 8px; flex: 1 1 18rem; max-width: 36rem; }
  input[type=search] { flex: 1; min-width: 0; min-height: 44px; padding: 0 16px; border: 1px solid var(--l); border-radius: 22px; background: transparent; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 24px 16px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 150px), 1fr)); }
  li { display: grid; gap: 4px; align-content: start; position: relative; }
  li img { width: 100%; height: auto; aspect-ratio: 4 / 5; object-fit: contain; background: var(--vistazo-tile, #f4f2ee); border-radius: var(--r); }
  li a { color: inherit; text-decoration: none; display: grid; gap: 4px; overflow-wrap: anywhere; }
  li a:hover .title { text-decoration: underline; }
  .price { font-weight: 650; }
  .bone { aspect-ratio: 4 / 5; border-radius: var(--r); background: var(--vistazo-tile, #f4f2ee); opacity: 0.6; }
  .more { min-height: 36px; padding: 0 12px; font-size: 0.875rem; justify-self: start; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  @container (max-width: 34rem) { .asked { grid-template-columns: minmax(0, 1fr); } .stage { max-width: 200px; } }
  @media (pointer: coarse) { .ways .quiet { display: none; } }`;
