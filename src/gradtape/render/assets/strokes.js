// What the drawing is painted with: lines, canvases, colours, elements.

// Lines are collected by how they look and painted together.
class Strokes {
  constructor(context, palette, rowHeight, focused) {
    Object.assign(this, { context, palette, rowHeight, focused, paths: new Map() });
  }

  path(colour, flows, lit) {
    const key = `${colour < 0 ? -1 : colour % 8}|${flows}|${lit ? 1 : 0}`;
    if (!this.paths.has(key)) this.paths.set(key, { path: new Path2D(), colour, flows, lit });
    return this.paths.get(key).path;
  }

  line(colour, flows, lit, x, top, bottom) {
    const path = this.path(colour, flows, lit);
    // what is far above the view costs time and shows nothing; whole periods of the dots, so that they stay in place
    const begin = top < -60 ? top + Math.floor((-top - 30) / 6) * 6 : top;
    path.moveTo(x, begin);
    path.lineTo(x, bottom);
  }

  bend(colour, flows, lit, x, top, toX, y) {
    const path = this.path(colour, flows, lit);
    path.moveTo(x, top);
    if (x === toX) path.lineTo(x, y);
    else path.bezierCurveTo(x, top + (y - top) * 0.75, toX, top + (y - top) * 0.25, toX, y);
  }

  far(colour, flows, lit, x, top, toX, y) {
    const path = this.path(colour, flows, lit);
    path.moveTo(x, top);
    path.bezierCurveTo(3, top + 30, 3, y - 30, toX, y);
  }

  hint(x, y) {
    const path = this.path(-1, 0, 0);
    path.moveTo(x - 5, y - Math.min(9, this.rowHeight * 0.45));
    path.lineTo(x, y);
  }

  paint() {
    const { context, palette } = this;
    const wide = Math.max(0.6, Math.min(2.2, this.rowHeight * 0.14));
    const order = [...this.paths.values()].sort((a, b) => (a.colour >= 0) - (b.colour >= 0) || a.flows - b.flows || !!a.lit - !!b.lit);
    for (const { path, colour, flows, lit } of order) {
      context.strokeStyle = colour < 0 ? palette.faint : palette.g[colour % 8];
      context.lineWidth = colour < 0 ? Math.min(1.3, wide) : wide * (lit ? 1.35 : 1);
      context.setLineDash(colour >= 0 && !flows && this.rowHeight > 4 ? [2.5, 3.5] : []);
      context.globalAlpha = this.focused && !lit ? 0.25 : colour >= 0 && !flows ? 0.75 : 1;
      context.stroke(path);
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
}

// Give a canvas the size that it has on the screen, in the screen's own points.
function fit(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// The colours of the style sheet, as the browser works them out for dark or light.
function readPalette() {
  const probe = make("span", {});
  document.body.append(probe);
  const colour = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const palette = {
    ink: colour("ink"), muted: colour("muted"), faint: colour("faint"), line: colour("line"), paper: colour("paper"),
    bad: colour("bad"), mark: colour("mark"), g: [0, 1, 2, 3, 4, 5, 6, 7].map((k) => colour(`g${k}`)),
  };
  probe.remove();
  return palette;
}

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
