// The looks of the HTML page.

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --ink: #1d1f23; --dim: #646a73; --line: #d9dbdf;
  --js: #9aa1ab; --wasm: #2a6fdb; --native: #178a63; --bad: #b42318; --good: #14713f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181c; --ink: #e9eaec; --dim: #9ca3ad; --line: #363a41;
    --js: #757d89; --wasm: #5b96f2; --native: #35b184; --bad: #ff8a7a; --good: #5fd196;
  }
}
body {
  margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem;
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
}
h1 { font-size: 1.9rem; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
p { margin: .4rem 0; }
.note, .dim { color: var(--dim); fill: var(--dim); }
.note { font-size: .85rem; overflow-wrap: anywhere; }
.right { color: var(--good); font-weight: 600; }
.wrong { color: var(--bad); }
.out { color: var(--dim); }
.legend { font-size: .9rem; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .4rem 0 .9rem; }
.key:first-child { margin-left: 0; }
.key.js { background: var(--js); }
.key.wasm { background: var(--wasm); }
.key.native { background: var(--native); }
.wide { overflow-x: auto; }
svg { display: block; min-width: 44rem; width: 100%; height: auto; margin: .6rem 0; font-size: 13px; }
svg text { fill: var(--ink); }
svg .dim, svg .value { fill: var(--dim); }
rect.js { fill: var(--js); }
rect.wasm { fill: var(--wasm); }
rect.native { fill: var(--native); }
.range { stroke: var(--ink); stroke-width: 1.5; opacity: .55; }
.axis { stroke: var(--line); }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.summary td:last-child, .summary th:last-child { text-align: left; }
th { font-weight: 600; color: var(--dim); }
summary { cursor: pointer; color: var(--dim); font-size: .9rem; }
li { margin: .3rem 0; }
`;
