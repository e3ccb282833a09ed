// The tape as a graph: its edges, the ways from sources to targets, and which rows are in view.

class Model {
  constructor(tape, gradients) {
    this.tape = tape;
    this.gradients = gradients;
    this.count = tape.name.length;
    this.open = new Set();
    this.lanes = tape.lane.reduce((most, lane) => Math.max(most, lane + 1), 1);
    this.findEdges();
    this.findFolds();
    this.findBreaks();
    this.colour(null);
    this.arrange();
  }

  // Edges are numbered by the row that they lead to; `previous` is the use of the same value before this one.
  findEdges() {
    const { inputs, breaks } = this.tape;
    const start = new Int32Array(this.count + 1);
    for (let row = 0; row < this.count; row++) start[row + 1] = start[row] + (inputs[row] ? inputs[row].length : 0);
    const edges = start[this.count];
    Object.assign(this, {
      start, edges,
      from: new Int32Array(edges), to: new Int32Array(edges), far: new Uint8Array(edges),
      previous: new Int32Array(edges), broken: new Uint8Array(edges),
    });
    const last = Int32Array.from({ length: this.count }, (_, row) => row);
    for (let row = 0; row < this.count; row++) {
      const sources = inputs[row] || [];
      for (let position = 0; position < sources.length; position++) {
        const edge = start[row] + position;
        const source = sources[position];
        this.far[edge] = source < -1 ? 1 : 0;
        this.from[edge] = source < -1 ? -source - 2 : source;
        this.to[edge] = row;
        if (source >= 0) { this.previous[edge] = last[source]; last[source] = row; }
      }
      for (const [position] of breaks[row] || []) this.broken[start[row] + position] = 1;
    }
  }

  findFolds() {
    this.foldsAt = new Map();
    this.tape.folds.forEach(([first], fold) => {
      if (!this.foldsAt.has(first)) this.foldsAt.set(first, []);
      this.foldsAt.get(first).push(fold);
    });
  }

  // What is in view: a row, or -1 - fold for rounds that are hidden, and for the head of rounds that are open.
  arrange() {
    const items = [];
    this.place = new Int32Array(this.count);
    let row = 0;
    while (row < this.count) {
      let hidden = false;
      for (const fold of this.foldsAt.get(row) || []) {
        items.push(-1 - fold);
        if (!this.open.has(fold)) {
          const end = this.tape.folds[fold][1];
          this.place.fill(items.length - 1, row, end);
          row = end;
          hidden = true;
          break;
        }
      }
      if (hidden) continue;
      this.place[row] = items.length;
      items.push(row);
      row++;
    }
    this.items = Int32Array.from(items);
    this.edgesInView();
  }

  // The edges between different items, by the item that they lead to; of those into hidden rounds one per value.
  edgesInView() {
    const { place, from, to, far } = this;
    const seen = new Set();
    this.farEdges = [];
    this.itemEdges = this.items.length ? Array.from(this.items, () => []) : [];
    for (let edge = 0; edge < this.edges; edge++) {
      const source = from[edge];
      if (source < 0 || place[source] === place[to[edge]]) continue;
      const item = place[to[edge]];
      if (this.items[item] < 0) {
        const key = source * this.items.length + item;
        if (seen.has(key)) continue;
        seen.add(key);
      }
      if (far[edge]) this.farEdges.push(edge);
      else this.itemEdges[item].push(edge);
    }
  }

  // Open every fold that hides a row; say whether there was one.
  reveal(row) {
    const hiding = [];
    this.tape.folds.forEach(([first, end], fold) => {
      if (first <= row && row < end && !this.open.has(fold)) hiding.push(fold);
    });
    hiding.forEach((fold) => this.open.add(fold));
    if (hiding.length) this.arrange();
    return hiding.length > 0;
  }

  toggle(fold) {
    if (!this.open.delete(fold)) this.open.add(fold);
    this.arrange();
  }

  openAll(yes) {
    this.open = new Set(yes ? this.tape.folds.keys() : []);
    this.arrange();
  }

  foldText(fold) {
    const [first, end, rounds] = this.tape.folds[fold];
    const lines = new Set();
    for (let row = first; row < Math.min(end, first + 200); row++) {
      const site = this.tape.sites[this.tape.site[row]];
      if (site) lines.add(site[1]);
    }
    const low = Math.min(...lines), high = Math.max(...lines);
    const where = low === high ? `line ${low}` : `lines ${low} to ${high}`;
    return `${rounds.toLocaleString("en")} more rounds of ${where}, ${(end - first).toLocaleString("en")} operations`;
  }

  foldBreaks(fold) {
    const [first, end] = this.tape.folds[fold];
    return this.breakRows.some((row) => first <= row && row < end);
  }

  // Every row that the given rows lead to, over all edges or only over those where a gradient flows.
  below(rows, flowing) {
    const reached = new Uint8Array(this.count);
    let first = this.count;
    for (const row of rows) { reached[row] = 1; first = Math.min(first, row); }
    for (let edge = this.start[Math.min(first, this.count)]; edge < this.edges; edge++) {
      const source = this.from[edge];
      if (source >= 0 && reached[source] && !(flowing && this.broken[edge])) reached[this.to[edge]] = 1;
    }
    return reached;
  }

  // Every row that leads to the given rows.
  above(rows) {
    const reached = new Uint8Array(this.count);
    for (const row of rows) reached[row] = 1;
    for (let edge = this.edges - 1; edge >= 0; edge--) {
      if (reached[this.to[edge]] && this.from[edge] >= 0) reached[this.from[edge]] = 1;
    }
    return reached;
  }

  // Colour the ways of one gradient, or of all: the number of the gradient per edge, -1 where none passes.
  colour(chosen) {
    this.chosen = chosen;
    if (chosen === null && this.everything) {
      Object.assign(this, this.everything);
      return;
    }
    const edgeColour = new Int16Array(this.edges).fill(-1);
    const rowColour = new Int16Array(this.count).fill(-1);
    const flows = new Uint8Array(this.edges);
    const wanted = chosen === null ? this.gradients.slice(0, 64) : this.gradients.filter((g) => g.number === chosen);
    for (const gradient of wanted) {
      const after = this.below(gradient.sources, false);
      // where the finding is about the source itself, nothing flows from it on any way
      const stopped = gradient.findings.some(([, row]) => gradient.sources.includes(row));
      const alive = stopped ? new Uint8Array(this.count) : this.below(gradient.sources, true);
      const before = this.above(gradient.targets);
      for (let edge = 0; edge < this.edges; edge++) {
        const source = this.from[edge];
        if (source < 0 || !after[source] || !before[this.to[edge]]) continue;
        const flowing = alive[source]; // up to the break, if it is one
        if (edgeColour[edge] < 0 || (flowing && !flows[edge])) {
          edgeColour[edge] = gradient.number;
          flows[edge] = flowing ? 1 : 0;
        }
      }
      for (const row of gradient.sources) rowColour[row] = gradient.number;
    }
    // a row takes the colour of what flows into it, failing that of what arrives
    const alive = new Uint8Array(this.count);
    for (let edge = 0; edge < this.edges; edge++) {
      if (edgeColour[edge] < 0) continue;
      const row = this.to[edge];
      const flowing = flows[edge] && !this.broken[edge];
      if (rowColour[row] < 0 || (flowing && !alive[row])) rowColour[row] = edgeColour[edge];
      if (flowing) alive[row] = alive[this.from[edge]] = 1;
    }
    // the stroke down a lane also carries what is used further down
    const strokeColour = Int16Array.from(edgeColour);
    const strokeFlows = Uint8Array.from(flows);
    const carried = new Map();
    for (let edge = this.edges - 1; edge >= 0; edge--) {
      const source = this.from[edge];
      if (source < 0 || this.far[edge]) continue;
      const below = carried.get(source);
      if (below !== undefined && edgeColour[below] >= 0 && (edgeColour[edge] < 0 || (flows[below] && !flows[edge]))) {
        strokeColour[edge] = strokeColour[below];
        strokeFlows[edge] = strokeFlows[below];
        carried.set(source, below);
      } else {
        carried.set(source, edge);
      }
    }
    const found = { edgeColour, rowColour, flows, alive, strokeColour, strokeFlows };
    if (chosen === null) this.everything = found;
    Object.assign(this, found);
  }

  // The rows where the gradients that were asked for break, and those that a finding is about.
  findBreaks() {
    this.broke = new Set();
    for (const gradient of this.gradients) {
      for (const route of gradient.status === "ok" ? [] : gradient.routes) {
        for (const [row, position] of route) if (this.broken[this.start[row] + position]) this.broke.add(row);
      }
      for (const [, row] of gradient.findings) if (row >= 0) this.broke.add(row);
    }
    this.breakRows = [...this.broke].sort((a, b) => a - b);
  }

  // The edges on the way through a row, of the gradient that passes there if one does.
  through(row) {
    const above = this.above([row]);
    const below = this.below([row], false);
    const marked = new Uint8Array(this.edges);
    const passing = this.rowColour[row] >= 0;
    for (let edge = 0; edge < this.edges; edge++) {
      if (this.from[edge] < 0 || (passing && this.edgeColour[edge] < 0)) continue;
      if (above[this.to[edge]] || (below[this.from[edge]] && below[this.to[edge]])) marked[edge] = 1;
    }
    return marked;
  }

  rowsOfLine(file, line) {
    const { sites, site } = this.tape;
    const here = sites.map(([f, first, , last]) => f === file && first <= line && line <= last);
    const rows = [];
    for (let row = 0; row < this.count; row++) if (site[row] >= 0 && here[site[row]]) rows.push(row);
    return rows;
  }

  rowsWith(text) {
    const { sites, site, name, names } = this.tape;
    const named = names.map((n) => n.toLowerCase().includes(text));
    const placed = sites.map((s) => s[6].toLowerCase().includes(text) || `line ${s[1]}` === text);
    const rows = [];
    for (let row = 0; row < this.count; row++) if (named[name[row]] || (site[row] >= 0 && placed[site[row]])) rows.push(row);
    return rows;
  }

  expression(row) {
    const site = this.tape.sites[this.tape.site[row]];
    return site ? site[6] : "";
  }

  nameOf(row) {
    return this.tape.names[this.tape.name[row]];
  }

  isValue(row) {
    return this.tape.inputs[row] === null;
  }

  // "(24,) float64, 0.5 to 1.3, 2 zeros", as far as it is known.
  valueText(row) {
    const told = this.tape.summaries[this.tape.value[row]];
    if (!told) return "";
    const [shape, dtype, low, high, zeros, nans, infs, size] = told;
    const parts = [`${shape} ${dtype}`.trim()];
    if (low !== null) parts.push(low === high ? `${low}` : `${low} to ${high}`);
    else if (size && nans + infs === 0) parts.push("values not kept");
    const counted = [[zeros, "zero", "zeros"], [nans, "NaN", "NaN"], [infs, "infinite", "infinite"]];
    for (const [number, one, many] of counted) {
      if (!number) continue;
      parts.push(size > 1 && number === size ? `all ${many}` : `${number.toLocaleString("en")} ${number === 1 ? one : many}`);
    }
    return parts.join(", ");
  }
}
