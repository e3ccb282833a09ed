// The page: what is chosen in one pane shows in the others.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
data.gradients.forEach((gradient, number) => { if (gradient) gradient.number = number; });

const gradientsOf = (tape) => data.gradients.filter((g) => g && g.tape === tape);
const codeOf = (finding) => data.codes[finding];
const findingsAt = (model, row) => [...new Set(model.gradients.flatMap((g) => g.findings.filter(([, at]) => at === row).map(([k]) => k)))];

const models = new Map();
let tapeNumber = 0;
let model = null;
let chosenGradient = null;

const drawing = data.tapes.length ? new Drawing(
  { scroller: byId("scroller"), canvas: byId("lanes"), rows: byId("rows"), height: byId("height"), map: byId("map") },
  { chosen: chosenRow, folded: showExtent, told: goToFinding },
) : null;

// ---- tapes

function showTape(number) {
  if (!drawing) return;
  if (model && number === tapeNumber) return;
  tapeNumber = number;
  if (!models.has(number)) models.set(number, new Model(data.tapes[number], gradientsOf(number)));
  model = models.get(number);
  if (byId("which")) byId("which").value = String(number);
  drawing.show(model);
  byId("unfold").hidden = data.tapes[number].folds.length === 0;
  showExtent();
  countLines();
  byId("details").replaceChildren();
}

function showExtent() {
  const { tape } = model;
  const all = tape.name.length.toLocaleString("en");
  byId("extent").textContent = tape.leftOut ? `the newest ${all} of ${(tape.name.length + tape.leftOut).toLocaleString("en")} rows` : `${all} rows`;
  const open = tape.folds.length > 0 && model.open.size === tape.folds.length;
  byId("unfold").setAttribute("aria-pressed", String(open));
  byId("unfold").textContent = open ? "fold loops" : "unfold all";
}

// How many operations each line of the source ran.
function countLines() {
  const counts = new Map();
  const { site, sites } = model.tape;
  for (const place of site) {
    if (place < 0) continue;
    const key = `f${sites[place][0]}L${sites[place][1]}`;
    counts.set(key, (counts.get(key) || 0) + 1);
  }
  for (const line of document.querySelectorAll("#source .line")) {
    const number = counts.get(line.id) || 0;
    const badge = line.querySelector(".count");
    badge.textContent = number ? (number > 999 ? `${Math.round(number / 1000)}k` : String(number)) : "";
    line.classList.toggle("ran", number > 0);
    if (number) badge.title = `${number.toLocaleString("en")} operation${number === 1 ? "" : "s"} on the tape`;
    else badge.removeAttribute("title");
  }
}

// ---- what is chosen

function chosenRow(row) {
  const place = model.tape.sites[model.tape.site[row]];
  showDetails(row);
  clearLines("chosen");
  if (place) markLines(place[0], place[1], place[3], "chosen");
  say(describe(model, row));
}

function goToRow(tape, row) {
  showTape(tape);
  showPane("tape");
  drawing.reach(row);
  drawing.choose(row);
}

function chooseGradient(number) {
  chosenGradient = chosenGradient === number ? null : number;
  const gradient = data.gradients[chosenGradient];
  for (const button of document.querySelectorAll("[data-gradient]")) {
    const pressed = Number(button.dataset.gradient) === chosenGradient;
    button.setAttribute("aria-pressed", String(pressed));
    button.closest("tr").classList.toggle("chosen", pressed);
  }
  if (gradient) showTape(gradient.tape);
  if (!model) return;
  model.colour(chosenGradient);
  drawing.changed();
  if (!gradient) return;
  const broken = gradient.findings.map(([, row]) => row).find((row) => row >= 0);
  const row = broken ?? gradient.sources[0];
  if (row !== undefined) drawing.reach(row);
}

function letGo() {
  if (chosenGradient !== null) chooseGradient(chosenGradient);
  clearLines("chosen");
  clearLines("found");
  if (drawing) { drawing.chosen = -1; drawing.mark([]); drawing.hover(-1); }
  byId("details").replaceChildren();
  byId("matches").textContent = "";
}

// ---- the source

function markLines(file, first, last, how, bring = true) {
  showFile(file);
  for (let line = first; line <= last; line++) byId(`f${file}L${line}`)?.classList.add(how);
  if (bring) bringLine(byId(`f${file}L${first}`));
}

function clearLines(how) {
  for (const line of document.querySelectorAll(`#source .line.${how}`)) line.classList.remove(how);
}

function bringLine(line) {
  const box = line?.closest(".file");
  if (!box || !box.clientHeight) return;
  const top = line.offsetTop - box.offsetTop;
  if (top < box.scrollTop + 30 || top > box.scrollTop + box.clientHeight - 60) box.scrollTop = top - box.clientHeight / 3;
}

function showFile(number) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const here = tab.id === `tab-${number}`;
    tab.setAttribute("aria-selected", String(here));
    tab.tabIndex = here ? 0 : -1;
    if (here) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  for (const file of document.querySelectorAll(".file")) file.classList.toggle("shown", Number(file.dataset.file) === number);
}

function chooseLine(line) {
  const file = Number(line.closest(".file").dataset.file);
  const number = Number(line.dataset.line);
  clearLines("chosen");
  clearLines("current");
  line.classList.add("chosen", "current");
  if (!model) return;
  const rows = model.rowsOfLine(file, number);
  drawing.mark(rows);
  found(rows);
  say(rows.length ? `line ${number}: ${rows.length} operations` : `line ${number}: no operation of this tape`);
  if (rows.length && !rows.some((row) => inView(row))) drawing.reach(rows[0]);
}

function inView(row) {
  const { drawn } = drawing;
  const item = model.place[row];
  return drawn && model.items[item] === row && item > drawn.first && item < drawn.last - 1;
}

function moveLine(file, key) {
  const lines = [...file.querySelectorAll(".line")];
  const here = lines.indexOf(file.querySelector(".line.current"));
  const moves = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 20, PageUp: here - 20, Home: 0, End: lines.length };
  const next = lines[Math.max(0, Math.min(lines.length - 1, moves[key]))];
  clearLines("current");
  next.classList.add("current");
  bringLine(next);
  say(`line ${next.dataset.line}: ${next.querySelector("code").textContent}`);
}

// ---- search

let matches = [];
let match = -1;

function found(rows) {
  matches = rows;
  match = -1;
  byId("matches").textContent = rows.length ? `${rows.length.toLocaleString("en")} operation${rows.length === 1 ? "" : "s"}` : "";
}

function search(text) {
  clearLines("found");
  const wanted = text.trim().toLowerCase();
  if (!wanted) { found([]); drawing?.mark([]); return; }
  const rows = model ? model.rowsWith(wanted) : [];
  let lines = 0;
  for (const line of document.querySelectorAll("#source .line")) {
    if (line.querySelector("code").textContent.toLowerCase().includes(wanted)) { line.classList.add("found"); lines++; }
  }
  drawing?.mark(rows);
  found(rows);
  byId("matches").textContent = `${rows.length.toLocaleString("en")} operations, ${lines} line${lines === 1 ? "" : "s"}`;
  if (rows.length) drawing.reach(rows[0]);
  else bringLine(document.querySelector(".file.shown .line.found"));
}

function nextMatch(step) {
  if (!matches.length) return;
  match = (match + step + matches.length) % matches.length;
  drawing.reach(matches[match]);
  drawing.choose(matches[match]);
  byId("matches").textContent = `${match + 1} of ${matches.length.toLocaleString("en")}`;
}

function nextBreak(step) {
  if (!model) return;
  const rows = model.breakRows;
  if (!rows.length) return;
  const here = drawing.chosen;
  const next = step > 0 ? rows.find((row) => row > here) ?? rows[0] : rows.findLast((row) => row < here) ?? rows.at(-1);
  goToRow(tapeNumber, next);
}

// ---- the chosen operation in words

function describe(model, row) {
  const place = model.tape.sites[model.tape.site[row]];
  const parts = [model.nameOf(row)];
  if (place) parts.push(`line ${place[1]}`, place[6]);
  for (const [, kind, reason] of model.tape.breaks[row] || []) parts.push(`break: ${reason || kind}`);
  const value = model.valueText(row);
  if (value) parts.push(value);
  for (const gradient of model.gradients) {
    if (gradient.sources.includes(row)) parts.push("source");
    if (gradient.targets.includes(row)) { parts.push("target"); break; }
  }
  return parts.join(", ");
}

function showDetails(row) {
  const { tape } = model;
  const place = tape.sites[tape.site[row]];
  const head = make("div", { class: "title" }, make("strong", {}, model.nameOf(row)));
  if (tape.params[row]) head.append(" ", make("span", { class: "settings" }, tape.params[row]));
  for (const finding of findingsAt(model, row)) head.append(" ", make("a", { class: "pill bad", href: `#finding-${finding}` }, `\u2715 ${codeOf(finding)}`));
  const close = make("button", { type: "button", class: "close", "aria-label": "close" }, "\u00d7");
  close.addEventListener("click", letGo);
  head.append(close);
  const body = [head];
  if (place) {
    const inside = place[5] === "<module>" ? "" : ` in ${place[5]}`;
    const link = make("a", { href: `#f${place[0]}L${place[1]}` }, `${data.files[place[0]]}:${place[1]}`);
    body.push(make("p", { class: "place" }, link, inside), make("pre", {}, place[6]));
  } else if (model.isValue(row)) {
    body.push(make("p", { class: "place" }, "a value that no operation of this tape made"));
  }
  for (const [file, line, name] of tape.callers[row] || []) {
    body.push(make("p", { class: "place" }, "called from ", make("a", { href: `#f${file}L${line}` }, `${data.files[file]}:${line}`), ` in ${name}`));
  }
  body.push(valueTable(row));
  byId("details").replaceChildren(...body);
}

function valueTable(row) {
  const { tape } = model;
  const table = make("table", { class: "values" });
  const line = (name, value, remark) => table.append(make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value || "not kept"), remark || make("td", {})));
  line("result", model.valueText(row));
  (tape.inputs[row] || []).forEach((_, position) => {
    const source = model.from[model.start[row] + position];
    const broken = (tape.breaks[row] || []).filter(([at]) => at === position).map(([, kind, reason]) => reason || kind);
    const remark = make("td", {});
    if (source >= 0) {
      const button = make("button", { type: "button", class: "to" }, `${model.nameOf(source)}${lineOf(source)}`);
      button.addEventListener("click", () => goToRow(tapeNumber, source));
      remark.append("from ", button);
    } else {
      remark.append("a constant");
    }
    if (broken.length) remark.append(make("span", { class: "reason" }, `\u2715 ${broken.join("; ")}`));
    line(`input ${position + 1}`, source >= 0 ? model.valueText(source) : "\u2013", remark);
  });
  return table;
}

function lineOf(row) {
  const place = model.tape.sites[model.tape.site[row]];
  return place ? ` (${place[1]})` : "";
}

function say(text) {
  byId("said").textContent = text;
}

// ---- panes and colours

function showPane(name) {
  document.body.dataset.pane = name;
  for (const button of document.querySelectorAll("[data-pane]")) if (button !== document.body) button.setAttribute("aria-pressed", String(button.dataset.pane === name));
}

const THEMES = { "": "as the system has them", light: "light", dark: "dark" };

function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  byId("theme").textContent = { "": "\u25d0", light: "\u2600", dark: "\u263e" }[name];
  byId("theme").setAttribute("aria-label", `colours: ${THEMES[name]}`);
  byId("theme").title = `colours: ${THEMES[name]}`;
  try { localStorage.setItem("gradtape-theme", name); } catch { /* a page from a file may not keep anything */ }
  if (model) drawing.changed();
}

function keptTheme() {
  try { const kept = localStorage.getItem("gradtape-theme"); return kept in THEMES ? kept : ""; } catch { return ""; }
}

// ---- what the reader does

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link) { follow(link, event); return; }
  const gradient = event.target.closest("[data-gradient]");
  if (gradient) { chooseGradient(Number(gradient.dataset.gradient)); return; }
  const pane = event.target.closest("nav [data-pane]");
  if (pane) { showPane(pane.dataset.pane); return; }
  const tab = event.target.closest("[role=tab]");
  if (tab) { showFile(Number(tab.id.slice(4))); return; }
  const line = event.target.closest("#source .line");
  if (line && !String(getSelection())) chooseLine(line);
});

function follow(link, event) {
  if (link.dataset.row !== undefined) {
    event.preventDefault();
    goToRow(Number(link.dataset.tape), Number(link.dataset.row));
    return;
  }
  const place = /^#f(\d+)L(\d+)$/.exec(link.getAttribute("href"));
  if (place) {
    event.preventDefault();
    showPane("source");
    clearLines("chosen");
    markLines(Number(place[1]), Number(place[2]), Number(place[2]), "chosen");
    return;
  }
  const card = /^#finding-(\d+)$/.exec(link.getAttribute("href"));
  if (card) {
    event.preventDefault();
    goToFinding(Number(card[1]));
  }
}

function goToFinding(number) {
  showPane("findings");
  const card = byId(`finding-${number}`);
  card.scrollIntoView({ block: "start" });
  card.focus({ preventScroll: true });
}

document.addEventListener("mouseover", (event) => {
  if (!model || chosenGradient !== null) return;
  const over = event.target.closest("tr")?.querySelector("[data-gradient]");
  const number = over ? Number(over.dataset.gradient) : null;
  if (number === hoveredGradient) return;
  hoveredGradient = number;
  const gradient = number === null ? null : data.gradients[number];
  if (gradient && gradient.tape !== tapeNumber) return;
  model.colour(gradient ? number : null);
  drawing.ask();
});
let hoveredGradient = null;

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape") { byId("search").value = ""; byId("search").blur(); letGo(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    "/": () => byId("search").focus(), n: () => nextBreak(1), p: () => nextBreak(-1),
    "+": () => drawing?.zoomBy(1), "=": () => drawing?.zoomBy(1), "-": () => drawing?.zoomBy(-1), 0: () => drawing?.zoomTo(0), "?": toggleKeys,
  };
  const tab = event.target.closest("[role=tab]");
  const file = event.target.closest(".file");
  if (event.key in actions) actions[event.key]();
  else if (tab && (event.key === "ArrowRight" || event.key === "ArrowLeft")) moveTab(tab, event.key === "ArrowRight" ? 1 : -1);
  else if (file && event.target === file && ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].includes(event.key)) moveLine(file, event.key);
  else if (file && event.target === file && event.key === "Enter" && file.querySelector(".current")) chooseLine(file.querySelector(".current"));
  else return;
  event.preventDefault();
});

function moveTab(tab, step) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  showFile(Number(next.id.slice(4)));
  next.focus();
}

function toggleKeys() {
  const keys = byId("keys");
  keys.hidden = !keys.hidden;
  byId("help").setAttribute("aria-expanded", String(!keys.hidden));
}

byId("search").addEventListener("input", (event) => search(event.target.value));
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") { nextMatch(event.shiftKey ? -1 : 1); event.preventDefault(); }
});
byId("help").addEventListener("click", toggleKeys);
byId("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme || "") + 1) % names.length]);
});
byId("closer")?.addEventListener("click", () => drawing?.zoomBy(1));
byId("farther")?.addEventListener("click", () => drawing?.zoomBy(-1));
byId("whole")?.addEventListener("click", () => drawing?.zoomTo(0));
byId("which")?.addEventListener("change", (event) => showTape(Number(event.target.value)));
byId("unfold").addEventListener("click", () => {
  model.openAll(model.open.size !== model.tape.folds.length);
  drawing.changed();
  showExtent();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (model) drawing.changed(); });

// ---- the start

document.documentElement.classList.add("lively");
for (const swatch of document.querySelectorAll("[data-swatch]")) swatch.classList.add(`g${Number(swatch.dataset.swatch) % 8}`);
setTheme(keptTheme());
showPane("findings");
showFile(0);
if (drawing) {
  showTape(0);
  const first = model.breakRows[0];
  if (first !== undefined) drawing.reach(first);
  bringLine(document.querySelector("#source .file.shown .label.primary")?.previousElementSibling);
}
const opened = /^#finding-\d+$/.test(location.hash) && byId(location.hash.slice(1));
if (opened) opened.scrollIntoView();
