// The table of devices.

import { byId, clock, element, setChildren, setText, tableRow } from "./dom.js";

const LABELS = ["Name", "Profile", "Credentials", "Provisioned", "Last request", "Connected", "Last telemetry"];
const rows = new Map();

/** Show *devices*; *onChoose* is called with the id of one whose name is pressed. */
export function showDevices({ total, rows: devices }, onChoose) {
  const ids = new Set(devices.map((device) => device.id));
  for (const id of [...rows.keys()].filter((known) => !ids.has(known))) {
    rows.delete(id);
  }
  setChildren(byId("devices-rows"), devices.map((device) => update(device, onChoose)));
  setText(byId("devices-count"), count(total, devices));
}

function count(total, devices) {
  if (total === 0) {
    return "None yet";
  }
  const connected = devices.filter((device) => device.connected).length;
  const shown = devices.length < total ? `the newest ${devices.length} of ${total}` : `${total}`;
  return `${shown}, ${connected} connected`;
}

function update(device, onChoose) {
  if (!rows.has(device.id)) {
    rows.set(device.id, create(device.id, onChoose));
  }
  const { row, name, cells } = rows.get(device.id);
  setText(name, device.name);
  name.setAttribute("aria-label", `${device.name}: show its telemetry`);
  setText(cells[1], device.profile);
  setText(cells[2], device.credentials);
  setText(cells[3], `${device.how}, ${clock(device.since_ms)}`);
  setText(cells[4], device.outcome === null ? "none" : outcome(device.outcome));
  cells[4].className = device.outcome === null ? "" : device.outcome.status === "SUCCESS" ? "good" : "bad";
  setText(cells[5], device.connected ? "yes" : "no");
  setText(cells[6], device.telemetry_ms === null ? "none" : clock(device.telemetry_ms));
  return row;
}

function create(id, onChoose) {
  const { row, cells } = tableRow(LABELS, true);
  const name = element("button", { type: "button", class: "name" });
  name.addEventListener("click", () => onChoose(id));
  cells[0].append(name);
  return { row, name, cells };
}

function outcome({ status, cause, ts }) {
  return `${cause ? `${status}: ${cause}` : status}, ${clock(ts)}`;
}
