// The list of log lines, with what chooses among them.

import { byId, make } from "./dom.js";

const MOST_LINES = 1000;

const lines = byId("lines");

// What a line shows: its time, level and tag, and its text or a node with it.
export const makeLine = ({ time, level, tag, text }) => {
  const node = make("li", {},
    make("span", { className: "time", textContent: time }), " ",
    make("span", { className: "level", textContent: level }), " ",
    ...(tag ? [make("span", { className: "tag", textContent: tag }), " "] : []), text);
  node.dataset.level = level;
  return node;
};

export const addLines = (given) => {
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  lines.append(...given.map(makeLine));
  while (lines.children.length > MOST_LINES) lines.firstChild.remove();
  if (atEnd) lines.scrollTop = lines.scrollHeight;
};

export const clearLines = () => lines.replaceChildren();

byId("least").addEventListener("change", (event) => {
  lines.dataset.least = event.target.value;
  lines.scrollTop = lines.scrollHeight;
});
byId("clear").addEventListener("click", clearLines);
