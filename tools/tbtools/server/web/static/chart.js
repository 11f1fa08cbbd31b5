// A line chart in SVG: points over time, with the extreme values and the times of both ends.

import { clock, svgElement } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 148;
const PLOT = { left: 4, right: 316, top: 20, bottom: 108 };
const LABEL_MAX = 24;

/** The chart of *points*, [time in ms, text, number], of which there is at least one; *name* says of what. */
export function chart(points, name) {
  const low = points.reduce((least, point) => (point[2] < least[2] ? point : least));
  const high = points.reduce((most, point) => (point[2] > most[2] ? point : most));
  const first = points[0];
  const last = points[points.length - 1];
  const x = scale(first[0], last[0], PLOT.left, PLOT.right);
  const y = scale(low[2], high[2], PLOT.bottom, PLOT.top);
  const path = points.map((point) => `${x(point[0])},${y(point[2])}`).join(" ");
  const summary =
    `${name}: ${points.length} values from ${clock(first[0])} to ${clock(last[0])}, ` +
    `lowest ${low[1]}, highest ${high[1]}, last ${last[1]}`;
  return svgElement(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary },
    svgElement("line", { class: "axis", x1: PLOT.left, x2: PLOT.right, y1: PLOT.bottom + 4, y2: PLOT.bottom + 4 }),
    svgElement("polyline", { class: "series", points: path }),
    svgElement("circle", { class: "last", cx: x(last[0]), cy: y(last[2]), r: 3 }),
    label(`max ${high[1]}`, PLOT.left, 12),
    label(`min ${low[1]}`, PLOT.left, PLOT.bottom + 18),
    label(clock(first[0]), PLOT.left, HEIGHT - 6),
    label(clock(last[0]), PLOT.right, HEIGHT - 6, "end"),
  );
}

/** Map [from, to] to [start, end]; halves, as the difference of two numbers may be too large for one. */
function scale(from, to, start, end) {
  const span = to / 2 - from / 2;
  return (value) => {
    const part = span === 0 ? 0.5 : (value / 2 - from / 2) / span;
    return Math.round((start + part * (end - start)) * 10) / 10;
  };
}

function label(text, x, y, className = "start") {
  const shown = text.length > LABEL_MAX ? `${text.slice(0, LABEL_MAX)}…` : text;
  return svgElement("text", { class: className, x, y }, shown);
}
