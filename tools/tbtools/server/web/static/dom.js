// Building and changing elements. What comes from the server gets in as text only, never as markup.

export const byId = (id) => document.getElementById(id);

/** An element with *attributes* and *children*: nodes, or text. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function svgElement(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Replace the text of *node*, unless it is the same: a screen reader would say it again. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Make *parent* have *children* in this order, and touch none that is in its place, as it may have the focus. */
export function setChildren(parent, children) {
  children.forEach((child, index) => {
    if (parent.children[index] !== child) {
      parent.insertBefore(child, parent.children[index] ?? null);
    }
  });
  while (parent.children.length > children.length) {
    parent.lastElementChild.remove();
  }
}

/** A row of a table. *labels* name its cells where a phone shows no head; the first is the row's head if *headed*. */
export function tableRow(labels, headed) {
  const cells = labels.map((label, index) =>
    headed && index === 0
      ? element("th", { role: "rowheader", scope: "row" })
      : element("td", { role: "cell", "data-label": label }),
  );
  return { row: element("tr", { role: "row" }, ...cells), cells };
}

/** The time of *ms* since the epoch, with its date unless it is today's; devices may send times that are none. */
export function clock(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) {
    return String(ms);
  }
  const time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString("sv-SE")} ${time}`;
}
