export const style = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1c2027; --quiet: #5b6270; --line: #d9dce2;
  --accent: #1f5fd6; --on-accent: #fff; --good: #14703f; --waiting: #8a5300; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #13151a; --card: #1d2027; --text: #e8eaf0; --quiet: #a3aab8; --line: #3a3f4a; --accent: #86b0ff;
    --on-accent: #10131a; --good: #6fd09b; --waiting: #f0b45c; --bad: #ff8f86; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem 4rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; }
header p { margin: 0 0 1.5rem; color: var(--quiet); }
header .brand { margin: 0; font-weight: 600; letter-spacing: .02em; color: var(--accent); }
h1 { margin: 0 0 .25rem; font-size: 2rem; line-height: 1.2; }
h2 { margin: 0; font-size: 1.125rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; margin: 0 0 2.5rem; padding: 0; list-style: none; }
article { display: flex; flex-direction: column; gap: .75rem; height: 100%; padding: 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }
article p { margin: 0; }
.badge { align-self: flex-start; margin-top: -.5rem; font-size: .875rem; font-weight: 600; }
.badge::before { content: "●"; margin-right: .375rem; }
.badge.off::before { content: "○"; }
.good { color: var(--good); }
.waiting { color: var(--waiting); }
.bad { color: var(--bad); }
.off, .quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .125rem 1rem; margin: 0; font-size: .9375rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
article > :last-child { margin-top: auto; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; }
form, .ways { display: flex; flex-direction: column; align-items: flex-start; gap: .75rem; }
details form { margin-top: .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
summary { cursor: pointer; color: var(--quiet); }
.field { width: 100%; }
.field label { display: block; font-size: .875rem; font-weight: 600; }
.field input { width: 100%; padding: .5rem .625rem; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
.field small { color: var(--quiet); }
fieldset { margin: 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
.choice { display: block; }
button { padding: .5rem .875rem; font: inherit; font-weight: 600; color: inherit; background: transparent; border: 1px solid var(--line);
  border-radius: .5rem; cursor: pointer; }
button:hover { border-color: currentColor; }
button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.flash { margin: 0 0 1.5rem; padding: .75rem 1rem; background: var(--card); border: 1px solid currentColor; border-radius: .5rem; }
.log { margin: .75rem 0 0; padding: 0; list-style: none; font-size: .875rem; }
.log li { display: flex; flex-wrap: wrap; gap: .25rem .75rem; padding: .5rem 0; border-top: 1px solid var(--line); }
.log time { color: var(--quiet); font-variant-numeric: tabular-nums; }
.log code { flex: 1 1 100%; color: var(--quiet); overflow-wrap: anywhere; }
.log .warn span, .log .error span { color: var(--bad); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
