// The list of attempts, newest first.

import { byId, clock, setText, tableRow } from "./dom.js";

const LABELS = ["Time", "What", "Device", "Outcome", "Cause"];
const ROWS_MAX = 500;
let attempts = []; // newest first: { attempt, row }

/** Forget all: the server tells them again. */
export function clearAttempts() {
  attempts = [];
  byId("attempts-rows").replaceChildren();
  filter();
}

/** Add what has happened since, oldest first. */
export function addAttempts(happened) {
  const added = happened.map((attempt) => ({ attempt, row: rowOf(attempt) })).reverse();
  byId("attempts-rows").prepend(...added.map(({ row }) => row));
  attempts = [...added, ...attempts];
  for (const { row } of attempts.splice(ROWS_MAX)) {
    row.remove();
  }
  filter();
}

/** Follow the filter's controls. */
export function watchFilter() {
  byId("attempts-filter").addEventListener("submit", (event) => event.preventDefault());
  byId("attempts-filter").addEventListener("input", filter);
}

function rowOf(attempt) {
  const { row, cells } = tableRow(LABELS, false);
  const texts = [clock(attempt.ts), attempt.what, attempt.device, attempt.outcome, attempt.cause];
  cells.forEach((cell, index) => setText(cell, texts[index]));
  cells[3].className = attempt.failed ? "bad" : "good";
  return row;
}

function filter() {
  const kind = byId("attempts-kind").value;
  const text = byId("attempts-text").value.trim().toLowerCase();
  for (const { attempt, row } of attempts) {
    row.hidden = !(isOfKind(attempt, kind) && hasText(attempt, text));
  }
  setText(byId("attempts-count"), count());
}

function isOfKind(attempt, kind) {
  return kind === "" || (kind === "failed" ? attempt.failed : attempt.kind === kind);
}

function hasText({ what, device, outcome, cause }, text) {
  return [what, device, outcome, cause].some((field) => field.toLowerCase().includes(text));
}

function count() {
  const shown = attempts.filter(({ row }) => !row.hidden).length;
  const known = attempts.length === ROWS_MAX ? `the newest ${ROWS_MAX}` : `${attempts.length}`;
  return attempts.length === 0 ? "None yet" : `${shown} of ${known}, newest first`;
}
