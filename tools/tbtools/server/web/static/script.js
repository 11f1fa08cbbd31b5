// The page of the stand-in: the server's events on one side, the page's parts on the other.

import { addAttempts, clearAttempts, watchFilter } from "./attempts.js";
import { chooseDevice, offerDevices, watchChoice } from "./charts.js";
import { showDevices } from "./devices.js";
import { byId, clock, setText } from "./dom.js";
import { offerFaults, showFaults, watchFaults } from "./faults.js";
import { follow } from "./stream.js";

function showTelemetryOf(id) {
  chooseDevice(id);
  byId("charts-heading").focus();
  byId("charts").scrollIntoView();
}

function showState(state) {
  const node = byId("connection");
  if (node.dataset.state === state) {
    return;
  }
  node.dataset.state = state;
  setText(node, state === "live" ? "Live" : `Disconnected at ${clock(Date.now())}, trying again…`);
  if (state === "live") {
    clearAttempts();
  }
}

watchFilter();
watchChoice();
watchFaults();
follow(
  "/web/events",
  {
    server({ release, faults }) {
      setText(byId("release"), `It behaves as release ${release}`);
      offerFaults(faults);
    },
    devices(data) {
      showDevices(data, showTelemetryOf);
      offerDevices(data.rows);
    },
    attempts: addAttempts,
    faults: showFaults,
  },
  showState,
);
