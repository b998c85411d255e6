// The page: scripts and what they do as the server tells it each second, and two buttons.

import { byId, make, showText } from "./dom.js";
import { connect, connected, tell, warn } from "./live.js";
import { addLines, clearLines, makeLine } from "./log.js";

const SURE = 5000; // milliseconds in which a button has to be pressed again

const main = byId("scripts"), nothing = byId("nothing");

// Numbers for people.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

const bytes = (count) => {
  let unit = 0;
  while (count >= 1024 && unit < UNITS.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${unit && count < 100 ? count.toFixed(1) : Math.round(count)} ${UNITS[unit]}`;
};

const rate = (count) => `${bytes(count)}/s`;

const whole = (count) => count.toLocaleString("en").replaceAll(",", " ");

const few = (count) => (count < 10 ? count.toFixed(1) : whole(Math.round(count)));

const milliseconds = (count) => `${few(count)} ms`;

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

const sum = (counts) => Object.values(counts).reduce((all, each) => all + each, 0);

// Tables, whose rows are shown anew when they have changed.

class Table {
  constructor(title, id, ...columns) {
    this.shown = "[]";
    this.count = make("span", { className: "count" });
    this.rows = make("tbody");
    const head = columns.map((each) => {
      const [name, isNumber] = Array.isArray(each) ? [each[0], true] : [each, false];
      const cell = make("th", { scope: "col", textContent: name });
      if (isNumber) cell.className = "number";
      return cell;
    });
    this.numbers = columns.map(Array.isArray);
    const heading = make("h3", { id }, `${title} `, this.count);
    const scroll = make("div", { className: "scroll", tabIndex: 0 },
      make("table", { ariaLabel: title }, make("thead", {}, make("tr", {}, ...head)), this.rows));
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-labelledby", id);
    this.scroll = scroll;
    this.none = make("p", { className: "none", textContent: "None." });
    this.node = make("section", { className: "part" }, heading, scroll, this.none);
  }

  // all: how many there are, where fewer are told.
  show(rows, all = rows.length) {
    showText(this.count, all > rows.length ? `${rows.length} of ${whole(all)}` : String(all));
    this.scroll.hidden = !rows.length;
    this.none.hidden = rows.length > 0;
    const wanted = JSON.stringify(rows);
    if (wanted === this.shown) return;
    this.shown = wanted;
    this.rows.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map((cell, index) =>
      make("td", { textContent: cell, className: this.numbers[index] ? "number" : "" })))));
  }
}

// A button that has to be pressed twice.

const sureButton = (text, question, act) => {
  const button = make("button", { type: "button", textContent: text });
  let timer;
  const calm = () => {
    clearTimeout(timer);
    timer = undefined;
    button.textContent = text;
    delete button.dataset.asks;
  };
  button.addEventListener("click", () => {
    if (timer !== undefined) {
      calm();
      act();
      return;
    }
    button.textContent = question;
    button.dataset.asks = "";
    timer = setTimeout(calm, SURE);
  });
  button.addEventListener("blur", () => { if (timer !== undefined) calm(); });
  return button;
};

// Scripts.

const FACTS = ["Callbacks", "Longest callback", "Waiting", "Tasks", "Timers", "Queue", "In", "Out", "Memory"];

const scripts = new Map();
let lastId = 0;

class Script {
  constructor(name) {
    this.name = name;
    const id = `script-${++lastId}`;
    this.state = make("p", { className: "state" });
    this.buttons = make("div", { className: "buttons" },
      sureButton("Reload", "Reload: sure?", () => tell({ type: "reload", script: name })),
      sureButton("Stop", "Stop: sure?", () => tell({ type: "stop", script: name })));
    for (const each of this.buttons.children) each.setAttribute("aria-describedby", id);
    this.values = {};
    this.facts = make("dl", { className: "facts" }, ...FACTS.map((fact) => {
      const value = make("span"), note = make("span", { className: "note" });
      this.values[fact] = { value, note };
      return make("div", {}, make("dt", { textContent: fact }), make("dd", {}, value, note));
    }));
    this.tables = {
      open: new Table("Open", `${id}-open`, "What", "Address and state", ["Number"]),
      connections: new Table("Connections", `${id}-connections`, "By", "Here", "Peer",
        ["In"], ["Out"], ["In a second"], ["Out a second"]),
      tasks: new Table("Tasks", `${id}-tasks`, "Waits at", "Started at", ["How many"]),
      timers: new Table("Timers", `${id}-timers`, "Set by", "Where", ["Each"], ["How many"]),
      slow: new Table("Slow callbacks", `${id}-slow`, "When", ["Took"], "Where"),
    };
    this.details = make("div", { className: "details" }, this.facts,
      ...Object.values(this.tables).map((each) => each.node));
    this.node = make("section", { className: "card script" },
      make("div", { className: "head" }, make("h2", { id, textContent: name }), this.state, this.buttons),
      this.details);
    this.node.setAttribute("aria-labelledby", id);
    this.carried = new Map();
    this.totals = undefined;
    this.time = 0;
  }

  show(given, time, control) {
    showText(this.state, given.runs ? "runs" : "has stopped");
    this.node.dataset.runs = given.runs;
    this.buttons.hidden = !control || !given.runs;
    this.details.hidden = !given.runs;
    if (!given.runs) return;
    const since = time - this.time;
    this.showFacts(given.stats, since);
    this.showConnections(given.connections, since);
    this.time = time;
    const { open, tasks, timers, slow } = this.tables;
    const things = sum(given.stats.open) - given.stats.timers;
    open.show(given.open.map((each) => [each.kind, each.description, each.number]), things);
    tasks.show(given.tasks.map(([started, at, count]) => [at || "?", started, count]));
    showText(tasks.count, whole(given.stats.tasks));
    timers.show(given.timers.map(([kind, place, period, count]) =>
      [kind, place || "", period === null ? "" : milliseconds(period), count]));
    showText(timers.count, whole(given.stats.timers));
    slow.show(given.slow.map(([when, took, place]) => [clock(when), milliseconds(took), place]));
  }

  fact(name, value, note = "") {
    showText(this.values[name].value, value);
    showText(this.values[name].note, note);
  }

  showFacts(stats, since) {
    const now = { callbacks: stats.callbacks, in: sum(stats.bytes_in), out: sum(stats.bytes_out) };
    const before = this.totals ?? now;
    const each = (name) => (since > 0 ? (now[name] - before[name]) / since : 0);
    this.totals = now;
    this.fact("Callbacks", `${few(each("callbacks"))}/s`, `${whole(stats.callbacks)} in all`);
    this.fact("Longest callback", milliseconds(stats.longest_callback), stats.longest_callback_at);
    this.fact("Waiting", whole(stats.waiting), "operations");
    this.fact("Tasks", whole(stats.tasks));
    this.fact("Timers", whole(stats.timers));
    this.fact("Queue", whole(stats.queue), "answers");
    this.fact("In", rate(each("in")), `${bytes(now.in)} in all`);
    this.fact("Out", rate(each("out")), `${bytes(now.out)} in all`);
    this.fact("Memory", bytes(stats.memory), "of Lua");
  }

  showConnections(connections, since) {
    const carried = new Map();
    this.tables.connections.show(connections.map(([id, kind, here, peer, inward, out]) => {
      const [inBefore, outBefore] = this.carried.get(id) ?? [inward, out];
      carried.set(id, [inward, out]);
      return [kind, here, peer, bytes(inward), bytes(out),
        rate(since > 0 ? (inward - inBefore) / since : 0),
        rate(since > 0 ? (out - outBefore) / since : 0)];
    }));
    this.carried = carried;
  }
}

const showScripts = (given, time, control) => {
  const names = new Set(given.map((each) => each.name));
  for (const [name, script] of scripts) {
    if (names.has(name)) continue;
    script.node.remove();
    scripts.delete(name);
  }
  for (const each of given) {
    let script = scripts.get(each.name);
    if (!script) {
      scripts.set(each.name, script = new Script(each.name));
      main.append(script.node);
    }
    script.show(each, time, control);
  }
  nothing.hidden = given.length > 0;
};

// Errors.

const lineOf = ([time, level, text]) => ({ time, level, text });

let shownErrors = "[]";

const showErrors = (errors) => {
  const wanted = JSON.stringify(errors);
  byId("no-errors").hidden = errors.length > 0;
  byId("errors").hidden = !errors.length;
  if (wanted === shownErrors) return;
  shownErrors = wanted;
  byId("errors").replaceChildren(...errors.map(makeLine));
};

// What the server tells.

let isNew = true;

connect({
  state: (message) => {
    if (isNew || byId("connection").dataset.state !== "open") clearLines();
    isNew = false;
    connected();
    showScripts(message.scripts, message.time, message.control);
    showErrors(message.errors.map(lineOf));
    addLines(message.lines.map(lineOf));
  },
  refused: (message) => warn(`That was refused: ${message.message}`),
});
