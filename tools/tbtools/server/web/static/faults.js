// The faults that are switched on, and switching.

import { byId, element, setChildren, setText } from "./dom.js";

const ADDRESS = "/api/standin/faults";
const items = new Map(); // by the fault's id

/** Show the *faults* still to happen. */
export function showFaults(faults) {
  const hadFocus = byId("faults").contains(document.activeElement);
  const ids = new Set(faults.map((fault) => fault.id));
  for (const id of [...items.keys()].filter((known) => !ids.has(known))) {
    items.delete(id);
  }
  setChildren(byId("faults-list"), faults.map(update));
  byId("faults-clear").hidden = faults.length === 0;
  setText(byId("faults-note"), faults.length === 0 ? "None is switched on" : "Switched on now:");
  if (hadFocus && !byId("faults").contains(document.activeElement)) {
    byId("faults-heading").focus(); // the button that was pressed is gone
  }
}

/** Offer the faults that there are. */
export function offerFaults(notations) {
  byId("faults-possible").replaceChildren(...notations.map((notation) => element("option", { value: notation })));
}

/** Follow the form and the button for all. */
export function watchFaults() {
  byId("faults-clear").addEventListener("click", () => call("DELETE", ADDRESS));
  byId("faults-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await call("POST", ADDRESS, { fault: byId("faults-text").value.trim() })) {
      byId("faults-text").value = "";
    }
  });
}

function update(fault) {
  if (!items.has(fault.id)) {
    items.set(fault.id, create(fault));
  }
  const { item, text } = items.get(fault.id);
  setText(text, describe(fault));
  return item;
}

function create({ id, fault }) {
  const text = element("span");
  const button = element("button", { type: "button", "aria-label": `Clear ${fault}` }, "Clear");
  button.addEventListener("click", () => call("DELETE", `${ADDRESS}/${id}`));
  return { item: element("li", {}, text, button), text };
}

function describe({ fault, times, skip, mode }) {
  const parts = [fault, times === null ? "for ever" : times === 1 ? "once" : `${times} times`];
  if (skip > 0) {
    parts.push(`after ${skip} more`);
  }
  if (mode !== null) {
    parts.push(`in ${mode} sessions`);
  }
  return parts.join(", ");
}

/** Call the server; what it does not like is said below the form. Returns whether it has been done. */
async function call(method, address, body) {
  const problem = await problemOf(method, address, body);
  setText(byId("faults-error"), problem);
  byId("faults-text").setAttribute("aria-invalid", String(problem !== "" && method === "POST"));
  return problem === "";
}

async function problemOf(method, address, body) {
  try {
    const response = await fetch(address, { method, body: JSON.stringify(body) });
    return response.ok || response.status === 404 ? "" : (await response.json()).message; // 404: it has just happened
  } catch {
    return "The server does not answer";
  }
}
