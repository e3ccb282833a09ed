// The drawing of the tape: only what is in view is drawn, however long the tape is.

const ZOOMS = [0, 1, 3, 6, 11, 19, 24, 30];
const TEXT = 19; // rows at least so high have words beside them
const REACH = 130; // items that the line of a value may span between two uses

class Drawing {
  constructor(parts, events) {
    Object.assign(this, parts); // scroller, canvas, rows, height, map
    this.events = events;
    this.zoom = 6;
    this.active = 0;
    this.chosen = -1;
    this.hovered = -1;
    this.marked = new Set();
    this.elements = new Map();
    this.waiting = false;
    this.scroller.addEventListener("scroll", () => this.ask(), { passive: true });
    this.scroller.addEventListener("click", (event) => this.click(event));
    this.scroller.addEventListener("mousemove", (event) => this.hover(this.itemAt(event)));
    this.scroller.addEventListener("mouseleave", () => this.hover(-1));
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.map.addEventListener("pointerdown", (event) => this.drag(event));
    this.map.addEventListener("pointermove", (event) => { if (event.buttons) this.drag(event); });
    new ResizeObserver(() => this.resized()).observe(this.scroller);
  }

  show(model) {
    this.model = model;
    this.hovered = -1;
    this.focused = null;
    this.active = 0;
    this.chosen = -1;
    this.marked = new Set();
    this.changed();
  }

  // ---- sizes

  get rowHeight() {
    return this.heightAt(this.zoom);
  }

  heightAt(zoom) {
    return Math.max(ZOOMS[zoom], Math.min(TEXT, this.view / Math.max(1, this.model.items.length)));
  }

  get view() {
    return Math.max(1, this.scroller.clientHeight - 16);
  }

  get laneWidth() {
    const room = Math.min(this.scroller.clientWidth * (this.rowHeight < TEXT ? 0.96 : 0.38), 420) - 24;
    return Math.max(2, Math.min(15, room / this.model.lanes));
  }

  x(lane) {
    return 14 + lane * this.laneWidth;
  }

  y(item) {
    return 8 + (item + 0.5) * this.rowHeight - this.scroller.scrollTop;
  }

  // ---- when something changes

  resized() {
    if (this.model) this.changed();
  }

  changed() {
    for (const element of this.elements.values()) element.remove();
    this.elements.clear();
    this.height.style.height = `${16 + this.model.items.length * this.rowHeight}px`;
    this.palette = readPalette();
    this.overview = null;
    this.ask();
  }

  ask() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw() {
    const { items } = this.model;
    this.focusOn(this.hovered);
    const top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor((top - 8) / this.rowHeight) - 1);
    const last = Math.min(items.length, Math.ceil((top + this.scroller.clientHeight) / this.rowHeight) + 1);
    this.drawWords(first, last);
    this.drawLanes(first, last);
    this.drawMap(first, last);
    this.drawn = { first, last };
  }

  // ---- words

  drawWords(first, last) {
    const worded = this.rowHeight >= TEXT;
    for (const [item, element] of this.elements) {
      if (!worded || item < first || item >= last) { element.remove(); this.elements.delete(item); }
    }
    if (!worded) return;
    const indent = this.x(this.model.lanes - 1) + 14;
    for (let item = first; item < last; item++) {
      let element = this.elements.get(item);
      if (!element) {
        element = this.element(item);
        this.elements.set(item, element);
        this.rows.append(element);
      }
      element.style.transform = `translateY(${8 + item * this.rowHeight}px)`;
      element.style.height = `${this.rowHeight}px`;
      element.style.paddingLeft = `${indent}px`;
      const row = this.model.items[item];
      element.classList.toggle("chosen", row >= 0 && row === this.chosen);
      element.classList.toggle("active", item === this.active);
      element.classList.toggle("marked", row >= 0 && this.marked.has(row));
      element.setAttribute("aria-selected", String(row >= 0 && row === this.chosen));
    }
    this.scroller.setAttribute("aria-activedescendant", `item-${this.active}`);
  }

  element(item) {
    const { model } = this;
    const row = model.items[item];
    const element = make("div", { class: "row", role: "option", id: `item-${item}` });
    element.setAttribute("aria-setsize", model.items.length);
    element.setAttribute("aria-posinset", item + 1);
    if (row < 0) {
      const fold = -1 - row;
      const open = model.open.has(fold);
      element.classList.add("fold");
      element.append(make("span", { class: "turn" }, open ? "\u25be" : "\u25b8"), make("span", {}, model.foldText(fold)));
      if (!open && model.foldBreaks(fold)) element.append(make("span", { class: "pill bad" }, "\u2715 a break inside"));
      element.setAttribute("aria-label", `${open ? "open" : "folded"}: ${model.foldText(fold)}`);
      return element;
    }
    element.append(...this.words(row));
    element.setAttribute("aria-label", describe(model, row));
    return element;
  }

  words(row) {
    const { model } = this;
    const parts = [];
    const source = model.gradients.find((g) => g.sources.includes(row));
    const target = model.gradients.find((g) => g.targets.includes(row));
    if (source) parts.push(make("span", { class: `pill source g${source.number % 8}` }, source.name));
    if (model.isValue(row)) {
      if (!source) parts.push(make("span", { class: "pill" }, model.nameOf(row)));
      if (!source && !target) parts.push(make("span", { class: "expression" }, "not asked for"));
    } else {
      parts.push(make("span", { class: "operation" }, model.nameOf(row)));
      parts.push(make("code", { class: "expression" }, model.expression(row)));
    }
    for (const finding of findingsAt(model, row)) parts.push(make("span", { class: "pill bad", "data-finding": finding }, `\u2715 ${codeOf(finding)}`));
    if (target && !model.isValue(row)) parts.push(make("span", { class: "pill target" }, target.target));
    const site = model.tape.sites[model.tape.site[row]];
    if (site) parts.push(make("span", { class: "where" }, String(site[1])));
    return parts;
  }

  // ---- lanes

  drawLanes(first, last) {
    const { model, palette } = this;
    const context = fit(this.canvas, this.scroller.clientWidth, this.scroller.clientHeight);
    const strokes = new Strokes(context, palette, this.rowHeight, this.focus);
    const step = this.rowHeight < 0.5 ? Math.ceil(0.5 / this.rowHeight) : 1;
    const end = Math.min(model.items.length, last + REACH);
    for (let item = first; item < end; item++) {
      if (step > 1 && item % step) continue;
      for (const edge of model.itemEdges[item]) this.addEdge(strokes, edge, item);
    }
    for (const edge of model.farEdges.slice(0, 3000)) this.addFar(strokes, edge, first, last);
    strokes.paint();
    this.drawNodes(context, first, last, step);
  }

  addEdge(strokes, edge, item) {
    const { model } = this;
    const row = model.to[edge];
    const use = model.previous[edge];
    const begin = model.place[use];
    const x = this.x(model.tape.lane[model.from[edge]]);
    const y = this.y(item);
    const hidden = model.items[item] < 0;
    const turn = Math.min(this.rowHeight, 26) * 0.9;
    const bend = hidden ? y : y - turn;
    const top = this.y(begin) - (use === model.from[edge] || model.items[begin] < 0 ? 0 : turn); // where the last one left
    const lit = this.focus ? this.focus[edge] : 0;
    if (bend > top) strokes.line(model.strokeColour[edge], model.strokeFlows[edge], lit || this.litBelow(edge), x, top, bend);
    if (!hidden) strokes.bend(model.edgeColour[edge], model.flows[edge], lit, x, Math.max(bend, top), this.x(model.tape.lane[row]), y);
  }

  litBelow(edge) {
    return this.focusStrokes ? this.focusStrokes[edge] : 0;
  }

  // A value that waits long for a use: a curve if it belongs to a way, else only a hint at the operation.
  addFar(strokes, edge, first, last) {
    const { model } = this;
    const begin = model.place[model.from[edge]], end = model.place[model.to[edge]];
    if (end < first || begin > last) return;
    const colour = model.edgeColour[edge];
    const x = this.x(model.tape.lane[model.to[edge]]), y = this.y(end);
    if (colour < 0) {
      if (end < last) strokes.hint(x, y);
      return;
    }
    const lit = this.focus ? this.focus[edge] : 0;
    strokes.far(colour, model.flows[edge], lit, this.x(model.tape.lane[model.from[edge]]), this.y(begin), x, y);
  }

  drawNodes(context, first, last, step) {
    const { model, palette } = this;
    const size = Math.max(0.8, Math.min(4.2, this.rowHeight * 0.3));
    for (let item = first; item < last; item++) {
      const row = model.items[item];
      const y = this.y(item);
      if (row < 0) { if (this.rowHeight > 4) this.drawFold(context, -1 - row, y); continue; }
      const breaks = this.brokenAt(row);
      if (step > 1 && item % step && !breaks && !this.marked.has(row)) continue;
      const x = this.x(model.tape.lane[row]);
      const number = model.rowColour[row];
      const colour = number < 0 ? palette.faint : palette.g[number % 8];
      const dim = this.focus && !this.focusRows.has(row);
      context.globalAlpha = dim ? 0.3 : 1;
      context.beginPath();
      if (breaks) this.cross(context, x, y, Math.max(size * 1.35, 2.5));
      else if (this.stopsAt(row)) this.cross(context, x, y, size, palette.muted);
      else if (model.isValue(row)) {
        context.fillStyle = colour;
        context.roundRect(x - size * 1.15, y - size * 1.15, size * 2.3, size * 2.3, size * 0.5);
        context.fill();
      } else {
        context.arc(x, y, size, 0, 7);
        context.fillStyle = number >= 0 && model.alive[row] ? colour : palette.paper;
        context.strokeStyle = colour;
        context.lineWidth = Math.min(1.6, size * 0.5);
        context.fill();
        context.stroke();
      }
      if (row === this.chosen || this.marked.has(row)) this.ring(context, x, y, Math.max(size * 2, 3.5), row === this.chosen ? palette.ink : palette.mark);
    }
    context.globalAlpha = 1;
  }

  // Whether a gradient that was asked for breaks here, or a finding is about this value.
  brokenAt(row) {
    return this.model.broke.has(row);
  }

  // Whether nothing flows back through an input here, though no gradient is missing because of it.
  stopsAt(row) {
    const { model } = this;
    for (let edge = model.start[row]; edge < model.start[row + 1]; edge++) if (model.broken[edge] && model.from[edge] >= 0) return true;
    return false;
  }

  cross(context, x, y, size, colour = this.palette.bad) {
    context.arc(x, y, size, 0, 7);
    context.fillStyle = colour;
    context.fill();
    if (size < 4) return;
    const arm = size * 0.42;
    context.beginPath();
    context.moveTo(x - arm, y - arm); context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm); context.lineTo(x - arm, y + arm);
    context.strokeStyle = this.palette.paper;
    context.lineWidth = 1.7;
    context.stroke();
  }

  ring(context, x, y, size, colour) {
    context.beginPath();
    context.arc(x, y, size, 0, 7);
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    context.stroke();
  }

  drawFold(context, fold, y) {
    const lane = this.model.tape.lane[this.model.tape.folds[fold][0]];
    context.fillStyle = this.palette.muted;
    for (const k of [-1, 0, 1]) {
      context.beginPath();
      context.arc(this.x(lane) , y + k * 5, 1.5, 0, 7);
      context.fill();
    }
  }

  // ---- the map of the whole tape

  drawMap(first, last) {
    const width = this.map.clientWidth, height = this.map.clientHeight;
    if (!width || !height) return;
    const context = fit(this.map, width, height);
    if (!this.overview) this.overview = this.mapColumn(Math.round(height));
    const { palette } = this;
    const { colours, breaks, marks } = this.overview;
    for (let y = 0; y < colours.length; y++) {
      const number = colours[y];
      context.fillStyle = number === -2 ? palette.line : number < 0 ? palette.faint : palette.g[number % 8];
      if (number > -3) context.fillRect(5, y, width - 10, 1);
    }
    context.fillStyle = palette.mark;
    for (const y of marks) context.fillRect(1, y - 1, width - 2, 2);
    context.fillStyle = palette.bad;
    for (const y of breaks) context.fillRect(0, y - 1.5, width, 3);
    const scale = this.mapScale(height);
    context.strokeStyle = palette.muted;
    context.lineWidth = 1;
    context.strokeRect(0.5, Math.max(0.5, first * scale), width - 1, Math.max(6, (last - first) * scale - 1));
  }

  mapScale(height) {
    return Math.min(4, height / Math.max(1, this.model.items.length));
  }

  mapColumn(height) {
    const { model } = this;
    const scale = this.mapScale(height);
    const colours = new Int16Array(Math.ceil(Math.min(height, model.items.length * scale))).fill(-3);
    const breaks = new Set(), marks = new Set();
    model.items.forEach((row, item) => {
      const y = Math.min(colours.length - 1, Math.floor(item * scale));
      if (row < 0) { colours[y] = Math.max(colours[y], -2); return; }
      colours[y] = Math.max(colours[y], model.rowColour[row]);
      if (this.brokenAt(row)) breaks.add(y);
      if (this.marked.has(row) || row === this.chosen) marks.add(y);
    });
    return { colours, breaks, marks };
  }

  drag(event) {
    event.preventDefault();
    const item = event.offsetY / this.mapScale(this.map.clientHeight);
    this.scroller.scrollTop = item * this.rowHeight - this.scroller.clientHeight / 2;
  }

  // ---- what the reader does

  // A reader that speaks presses a row without pointing at a place.
  itemAt(event) {
    const element = event.target.closest(".row");
    if (element) return Number(element.id.slice(5));
    const y = event.clientY - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop - 8;
    const item = Math.floor(y / this.rowHeight);
    return item >= 0 && item < this.model.items.length ? item : -1;
  }

  hover(item) {
    const row = item < 0 ? -1 : this.model.items[item];
    if (row === this.hovered) return;
    this.hovered = row;
    this.ask();
  }

  // Show the ways through a row, and let the rest step back.
  focusOn(row) {
    const { model } = this;
    const about = row < 0 ? "" : `${row} ${model.chosen}`;
    if (about === this.focused) return;
    this.focused = about;
    this.focus = row < 0 ? null : model.through(row);
    this.focusRows = new Set();
    this.focusStrokes = null;
    if (this.focus) {
      this.focusStrokes = new Uint8Array(model.edges);
      const lit = new Uint8Array(model.count);
      for (let edge = model.edges - 1; edge >= 0; edge--) {
        if (this.focus[edge]) { lit[model.from[edge]] = 1; this.focusRows.add(model.from[edge]); this.focusRows.add(model.to[edge]); }
        if (model.from[edge] >= 0) this.focusStrokes[edge] = lit[model.from[edge]];
      }
      this.focusRows.add(row);
    }
  }

  click(event) {
    const finding = event.target.closest("[data-finding]");
    if (finding) {
      this.events.told(Number(finding.dataset.finding));
      return;
    }
    const item = this.itemAt(event);
    if (item >= 0) this.enter(item);
  }

  enter(item) {
    this.active = item;
    const row = this.model.items[item];
    if (row < 0) this.turn(-1 - row);
    else this.choose(row);
  }

  turn(fold) {
    this.model.toggle(fold);
    this.changed();
    this.events.folded();
  }

  choose(row) {
    this.chosen = row;
    this.overview = null;
    this.ask();
    this.events.chosen(row);
  }

  mark(rows) {
    this.marked = new Set(rows);
    this.overview = null;
    this.ask();
  }

  // Bring a row into view, opening the rounds that hide it.
  reach(row) {
    if (this.model.reveal(row)) { this.changed(); this.events.folded(); }
    this.active = this.model.place[row];
    this.bring(this.active);
  }

  bring(item) {
    const y = 8 + item * this.rowHeight;
    const top = this.scroller.scrollTop, high = this.scroller.clientHeight;
    if (y < top + 40 || y > top + high - 60) this.scroller.scrollTop = y - high / 2;
    this.ask();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomBy(event.deltaY < 0 ? 1 : -1, event.clientY - this.scroller.getBoundingClientRect().top);
  }

  zoomBy(steps, at) {
    const before = this.rowHeight;
    let zoom = this.zoom;
    do zoom += steps; while (zoom > 0 && zoom < ZOOMS.length - 1 && this.heightAt(zoom) === before);
    this.zoomTo(Math.max(0, Math.min(ZOOMS.length - 1, zoom)), at);
  }

  zoomTo(zoom, at = this.scroller.clientHeight / 2) {
    const item = (this.scroller.scrollTop + at - 8) / this.rowHeight;
    this.zoom = zoom;
    this.changed();
    this.scroller.scrollTop = item * this.rowHeight - at + 8;
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
    const last = this.model.items.length - 1;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -last, End: last };
    const row = this.model.items[this.active];
    if (event.key in moves) {
      this.active = Math.max(0, Math.min(last, this.active + moves[event.key]));
      this.bring(this.active);
      this.hover(this.active);
    } else if (event.key === "Enter" || event.key === " ") {
      this.enter(this.active);
    } else if (event.key === "ArrowRight" && row < 0 && !this.model.open.has(-1 - row)) {
      this.turn(-1 - row);
    } else if (event.key === "ArrowLeft" && row < 0 && this.model.open.has(-1 - row)) {
      this.turn(-1 - row);
    } else return;
    event.preventDefault();
  }
}
