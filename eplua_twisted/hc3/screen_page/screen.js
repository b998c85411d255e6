// The page: devices and log lines as the server tells them, and what people do.

import { byId, make, showText } from "./dom.js";
import { keyOf, makeElement, showPieces } from "./elements.js";
import { calm, connect, connected, tell, warn } from "./live.js";
import { addLines, clearLines } from "./log.js";

const main = byId("devices"), nothing = byId("nothing");

const use = (device, element, event, values) =>
  tell({ type: "event", device, element, event, values });

// Devices.

const devices = new Map();

class Device {
  constructor(id) {
    this.id = id;
    this.elements = new Map();
    this.structure = "";
    const title = `device-${id}`;
    this.title = make("h2", { id: title });
    this.state = make("p", { className: "state" });
    this.meta = make("p", { className: "meta" });
    this.note = make("p", { className: "note" });
    this.rows = make("div", { className: "rows" });
    this.children = make("div", { className: "children" });
    this.head = make("div", { className: "head" }, this.title, this.state);
    this.node = make("section", { className: "device" },
      this.head, this.meta, this.note, this.rows, this.children);
    this.node.setAttribute("aria-labelledby", title);
    this.node.dataset.device = id;
  }

  // said: the names of elements that the script has changed, perhaps to what they were;
  // nothing where all of it is told anew.
  show(given, said) {
    this.given = given;
    showText(this.title, given.name);
    showText(this.state, given.value);
    showText(this.meta, `${given.id} · ${given.type}`);
    showPieces(this.note, given.log);
    this.showRows(given.rows, said);
  }

  // Elements that stay are kept, with the focus that one of them may have.
  showRows(rows, said) {
    const seen = new Map(), made = new Map();
    const keyed = rows.map((row) => row.map((element) => {
      const key = keyOf(element), count = seen.get(key) ?? 0;
      seen.set(key, count + 1);
      return [`${key} ${count}`, element];
    }));
    for (const [key, element] of keyed.flat()) {
      const known = this.elements.get(key);
      if (known) known.show(element, !said || said.includes(element.name));
      made.set(key, known ??
        makeElement(element, (...what) => use(this.id, ...what)));
    }
    this.elements = made;
    const structure = JSON.stringify(keyed.map((row) => row.map(([key]) => key)));
    if (structure === this.structure) return;
    this.structure = structure;
    const focused = document.activeElement;
    this.rows.replaceChildren(...keyed.map((row) => make("div", { className: "row" },
      ...row.map(([key]) => made.get(key).node))));
    if (focused && this.rows.contains(focused)) focused.focus();
  }
}

// Where a device belongs: QuickApps by number, their children in them.
const place = (device) => {
  const parent = devices.get(device.given.parent);
  const box = parent ? parent.children : main;
  const level = parent ? "H3" : "H2";
  if (device.title.tagName !== level) {
    const title = make(level, { id: device.title.id, textContent: device.title.textContent });
    device.title.replaceWith(title);
    device.title = title;
  }
  const after = [...box.children].find((each) => Number(each.dataset.device) > device.id);
  if (device.node.parentNode !== box || device.node.nextElementSibling !== (after ?? null)) {
    box.insertBefore(device.node, after ?? null);
  }
};

const showDevice = (given, said) => {
  let device = devices.get(given.id);
  const isNew = !device;
  if (isNew) devices.set(given.id, device = new Device(given.id));
  const moved = isNew || device.given.parent !== given.parent;
  device.show(given, said);
  if (!moved) return;
  place(device);
  for (const each of devices.values()) if (each.given.parent === given.id) place(each);
  nothing.hidden = devices.size > 0;
};

const removeDevice = (id) => {
  devices.get(id)?.node.remove();
  devices.delete(id);
  nothing.hidden = devices.size > 0;
};

// The log.

const log = (given) => addLines(given.map((line) => {
  const text = make("span");
  showPieces(text, line.text);
  return { ...line, text };
}));

// What the server tells.

const TOLD = {
  screen: (message) => {
    connected();
    calm();
    const here = new Set(message.devices.map((each) => each.id));
    for (const id of [...devices.keys()]) if (!here.has(id)) removeDevice(id);
    for (const each of message.devices) showDevice(each);
    nothing.hidden = devices.size > 0;
    clearLines();
    log(message.lines);
  },
  device: (message) => showDevice(message.device, message.said),
  removed: (message) => removeDevice(message.device),
  lines: (message) => log(message.lines),
  refused: (message) => warn(`That was refused: ${message.message}`),
};

connect(TOLD);
