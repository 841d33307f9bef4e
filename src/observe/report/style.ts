/** Light and dark, on a screen and on paper; nothing is loaded. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1c2330; --dim: #5a6475; --line: #dde2ea; --veil: #d55e0022;
  --act: #7a8699; --source: #2f6fde; --still: #d55e00; --target: #00875f; --bad: #c0262d;
  --freeze: #d55e00; --transfer: #b8860b; --restore: #2f6fde; --commit: #8a4fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181f; --ink: #e6eaf1; --dim: #9ba6b7; --line: #2c3440; --veil: #ff9a5c33;
    --act: #8d99ab; --source: #6ea1ff; --still: #ff9a5c; --target: #4fd0a0; --bad: #ff7b80;
    --freeze: #ff9a5c; --transfer: #e0b84c; --restore: #6ea1ff; --commit: #c39bea;
  }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --ink: #000000; --dim: #444444; --line: #cccccc; --veil: #d55e0022;
    --act: #7a8699; --source: #2f6fde; --still: #d55e00; --target: #00875f; --bad: #c0262d;
    --freeze: #d55e00; --transfer: #b8860b; --restore: #2f6fde; --commit: #8a4fbf;
  }
  section { break-inside: avoid; }
  * { print-color-adjust: exact; }
}
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 0.6rem; font-size: 1.05rem; }
p { margin: 0.3rem 0; overflow-wrap: anywhere; }
.dim, figcaption { color: var(--dim); font-size: 0.87rem; }
.state { font-weight: 600; } .state.good { color: var(--target); } .state.bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.7rem; margin: 1.3rem 0 0; }
.tiles div { border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.75rem; }
.tiles dt { color: var(--dim); font-size: 0.8rem; } .tiles dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
figure { margin: 0 0 0.6rem; } figcaption { margin-bottom: 0.4rem; } svg { display: block; width: 100%; min-width: 34rem; height: auto; font-size: 12px; }
svg text { fill: var(--ink); } svg .tick { fill: var(--dim); font-size: 11px; } svg .value { font-size: 11px; }
.grid { stroke: var(--line); stroke-width: 1; }
.act { fill: var(--act); } .source { fill: var(--source); } .still { fill: var(--still); } .target { fill: var(--target); }
.bad { fill: var(--bad); } .veil { fill: var(--veil); }
.curve { fill: none; stroke: var(--source); stroke-width: 1.5; } .area { fill: var(--source); opacity: 0.15; }
.part-freeze { fill: var(--freeze); } .part-transfer { fill: var(--transfer); } .part-restore { fill: var(--restore); }
.part-commit { fill: var(--commit); }
td:has(.swatch) { white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.87rem; }
th, td { padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--dim); font-weight: 500; } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 2px; margin-right: 0.45rem; }
.swatch.part-freeze { background: var(--freeze); } .swatch.part-transfer { background: var(--transfer); }
.swatch.part-restore { background: var(--restore); } .swatch.part-commit { background: var(--commit); }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 0.6rem; }
`;
