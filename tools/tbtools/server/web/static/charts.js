// The telemetry of one device: for each key a chart, and its values as a table.

import { chart } from "./chart.js";
import { byId, clock, element, setChildren, setText } from "./dom.js";

const figures = new Map(); // by key
let devices = [];
let chosen = null; // a device's id; until somebody chooses, the first device that has sent something is shown
let drawn = ""; // which device, and its last telemetry
let busy = false;

/** Offer *known* devices, and show what one of them has sent since. */
export function offerDevices(known) {
  devices = known;
  setChildren(byId("charts-device"), devices.map(option));
  byId("charts-device").value = shown()?.id ?? "";
  draw();
}

/** Show the device of that id. */
export function chooseDevice(id) {
  chosen = id;
  byId("charts-device").value = id;
  draw();
}

/** Follow the control. */
export function watchChoice() {
  byId("charts-device").addEventListener("change", (event) => chooseDevice(event.target.value));
}

function option(device) {
  const known = [...byId("charts-device").options].find(({ value }) => value === device.id);
  const node = known ?? element("option", { value: device.id });
  setText(node, device.name);
  return node;
}

function shown() {
  const isHeard = (device) => device.telemetry_ms !== null;
  return devices.find(({ id }) => id === chosen) ?? devices.find(isHeard) ?? devices[0];
}

/** Ask for the telemetry if there is new one, once at a time. */
async function draw() {
  const device = shown();
  const wanted = device === undefined ? "" : `${device.id} ${device.telemetry_ms}`;
  if (busy || wanted === drawn) {
    return;
  }
  busy = true;
  const telemetry = await telemetryOf(device);
  busy = false;
  if (telemetry !== null) {
    show(device, telemetry);
    drawn = wanted;
    draw();
  }
}

/** Null when the server does not answer: then the next event asks again. */
async function telemetryOf(device) {
  if (device === undefined || device.telemetry_ms === null) {
    return { total: 0, series: [] };
  }
  try {
    const response = await fetch(`/web/telemetry/${device.id}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function show(device, { total, series }) {
  if (!drawn.startsWith(`${device?.id} `)) {
    figures.clear();
  }
  const nodes = series.map(({ key, points }) => update(device.name, key, points));
  setChildren(byId("charts-figures"), nodes);
  const some = series.length < total ? `The first ${series.length} of ${total} keys` : `${total} keys`;
  setText(byId("charts-note"), total === 0 ? "None yet" : total === 1 ? "1 key" : some);
}

function update(deviceName, key, points) {
  if (!figures.has(key)) {
    figures.set(key, create(key));
  }
  const figure = figures.get(key);
  const [ts, text] = points[points.length - 1];
  setText(figure.caption, `${key}: ${text}, ${clock(ts)}`);
  const numbers = points.filter((point) => point[2] !== null);
  figure.picture.replaceChildren(...(numbers.length > 0 ? [chart(numbers, `${key} of ${deviceName}`)] : []));
  figure.points = points;
  showValues(figure);
  return figure.node;
}

function create(key) {
  const caption = element("figcaption");
  const picture = element("div");
  const values = element("tbody");
  const head = element("tr", {}, element("th", { scope: "col" }, "Time"), element("th", { scope: "col" }, "Value"));
  const table = element("table", { "aria-label": `Values of ${key}` }, element("thead", {}, head), values);
  const name = `Scroll the values of ${key}`;
  const scroller = element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": name }, table);
  const details = element("details", {}, element("summary", {}, `Values of ${key}`), scroller);
  const node = element("figure", {}, caption, picture, details);
  const figure = { node, caption, picture, details, values, points: [] };
  details.addEventListener("toggle", () => showValues(figure));
  return figure;
}

/** Fill the table, newest first, if somebody looks at it. */
function showValues({ details, values, points }) {
  if (details.open) {
    const rows = points.map(([ts, text]) => element("tr", {}, element("td", {}, clock(ts)), element("td", {}, text)));
    values.replaceChildren(...rows.reverse());
  }
}
