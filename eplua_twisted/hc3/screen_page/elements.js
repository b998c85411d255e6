// The elements of a view: each is made once, and shows what it is given from then on.
// Texts become text nodes: nothing that a script writes is ever read as HTML.

import { make, showText } from "./dom.js";

const HELD = 800; // milliseconds: a press that is longer is a long one

let lastId = 0;

const uniqueId = () => `e${++lastId}`;

export const plain = (pieces) => pieces.map((each) => each.text).join("");

// Show pieces of text with their styles, unless they are shown already.
export const showPieces = (node, pieces) => {
  const wanted = JSON.stringify(pieces);
  if (node.shownPieces === wanted) return;
  node.shownPieces = wanted;
  node.replaceChildren(...pieces.map((piece) => {
    const part = make("span", { textContent: piece.text });
    for (const style of ["bold", "italic", "underline", "struck", "small"]) {
      if (piece[style]) part.classList.add(style);
    }
    if (piece.colour && CSS.supports("color", piece.colour)) {
      part.classList.add("coloured");
      part.style.setProperty("--given", piece.colour);
    }
    return part;
  }));
};

const nameOf = (element) => plain(element.text) || element.name;

// Whether a value is new: what people chose stays until the script says something else,
// or says the same again.
const changes = () => {
  let last;
  return (value, isSaid) => {
    const before = last;
    last = JSON.stringify(value);
    return isSaid || last !== before;
  };
};

const label = () => {
  const node = make("p", { className: "label" });
  node.setAttribute("aria-live", "polite");
  node.setAttribute("aria-atomic", "true");
  return { node, show: (element) => showPieces(node, element.text) };
};

const button = (use) => {
  const node = make("button", { type: "button" });
  let current, timer, isLong = false, skipClick = false;
  const begin = () => {
    if (!current.longPress || timer) return;
    isLong = false;
    timer = setTimeout(() => { isLong = true; use("onLongPressDown", []); }, HELD);
  };
  const end = () => {
    clearTimeout(timer);
    timer = undefined;
    if (isLong) {
      isLong = false;
      skipClick = true;
      use("onLongPressReleased", []);
    }
  };
  node.addEventListener("pointerdown", () => { skipClick = false; begin(); });
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) {
    node.addEventListener(name, end);
  }
  node.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    if (!event.repeat) { skipClick = false; begin(); }
    // Enter would press again and again while it is held.
    if (event.key === "Enter" && (event.repeat || current.longPress)) event.preventDefault();
  });
  node.addEventListener("keyup", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    const wasHeld = timer !== undefined;
    end();
    if (event.key === "Enter" && current.longPress && wasHeld && !skipClick) {
      use("onReleased", []);
    }
  });
  node.addEventListener("click", () => {
    if (!skipClick) use("onReleased", []);
    skipClick = false;
  });
  node.addEventListener("contextmenu", (event) => {
    if (current.longPress) event.preventDefault();
  });
  return {
    node,
    show: (element) => {
      current = element;
      if (element.text.length) showPieces(node, element.text);
      else showPieces(node, [{ text: element.name }]);
    },
  };
};

const toggle = (use) => {
  const text = make("span");
  const track = make("span", { className: "track" });
  track.setAttribute("aria-hidden", "true");
  const node = make("button", { type: "button", className: "switch wide" }, text, track);
  node.setAttribute("role", "switch");
  const news = changes();
  let event;
  const set = (on) => node.setAttribute("aria-checked", String(on));
  node.addEventListener("click", () => {
    const on = node.getAttribute("aria-checked") !== "true";
    set(on);
    use(event, [on]);
  });
  return {
    node,
    show: (element, isSaid) => {
      event = element.event;
      if (news(element.on, isSaid)) set(element.on);
      showText(text, nameOf(element));
    },
  };
};

const field = (control, ...beside) => {
  const text = make("span");
  const caption = make("label", { className: "caption", htmlFor: control.id }, text);
  const head = beside.length ? make("div", { className: "caption" }, caption, ...beside) : caption;
  return { node: make("div", { className: "field wide" }, head, control), text };
};

const slider = (use) => {
  const input = make("input", { type: "range", id: uniqueId() });
  const value = make("output", { htmlFor: input.id });
  // The slider says its value itself.
  value.setAttribute("aria-hidden", "true");
  const { node, text } = field(input, value);
  const news = changes();
  let isMoving = false, wanted;
  const say = () => {
    showText(value, input.value);
    input.setAttribute("aria-valuetext", input.value);
  };
  const set = () => { input.value = wanted; say(); };
  input.addEventListener("input", () => { isMoving = true; say(); });
  input.addEventListener("change", () => {
    isMoving = false;
    wanted = Number(input.value);
    say();
    use("onChanged", [wanted]);
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) {
    input.addEventListener(name, () => {
      if (isMoving) setTimeout(() => { if (isMoving) { isMoving = false; set(); } });
    });
  }
  return {
    node,
    show: (element, isSaid) => {
      const { min, max, step, value: given } = element;
      Object.assign(input, { min, max, step });
      showText(text, nameOf(element));
      if (!news([min, max, step, given], isSaid)) return;
      wanted = given;
      // It is not taken out of the hand that moves it.
      if (!isMoving) set();
    },
  };
};

const select = (use) => {
  const input = make("select", { id: uniqueId() });
  const { node, text } = field(input);
  const newOptions = changes(), news = changes();
  input.addEventListener("change", () => use("onToggled", [input.value]));
  return {
    node,
    show: (element, isSaid) => {
      showText(text, nameOf(element));
      const isBuilt = newOptions(element.options);
      if (isBuilt) {
        input.replaceChildren(...element.options.map((each) =>
          make("option", { value: each.value, textContent: each.text })));
      }
      if (!news(element.selected, isSaid || isBuilt)) return;
      const chosen = element.selected[0];
      if (element.options.some((each) => each.value === chosen)) input.value = chosen;
      else input.selectedIndex = -1;
    },
  };
};

const several = (use) => {
  const legend = make("legend");
  const list = make("div", { className: "options" });
  const node = make("fieldset", { className: "wide" }, legend, list);
  const newOptions = changes(), news = changes();
  let boxes = [];
  const build = (element) => {
    boxes = element.options.map((each) => make("input", { type: "checkbox", value: each.value }));
    list.replaceChildren(...boxes.map((box, at) =>
      make("label", {}, box, make("span", { textContent: element.options[at].text }))));
  };
  list.addEventListener("change", () => {
    use("onToggled", [boxes.filter((box) => box.checked).map((box) => box.value)]);
  });
  return {
    node,
    show: (element, isSaid) => {
      showText(legend, nameOf(element));
      const isBuilt = newOptions(element.options);
      if (isBuilt) build(element);
      if (!news(element.selected, isSaid || isBuilt)) return;
      for (const box of boxes) box.checked = element.selected.includes(box.value);
    },
  };
};

const image = () => {
  const node = make("img", { referrerPolicy: "no-referrer", className: "wide" });
  let url;
  return {
    node,
    show: (element) => {
      node.alt = nameOf(element);
      if (url !== element.url) {
        url = element.url;
        if (url) node.src = url;
        else node.removeAttribute("src");
      }
    },
  };
};

const entry = (use) => {
  const input = make("input", { type: "text", id: uniqueId() });
  const { node, text } = field(input);
  const news = changes();
  let isTyping = false;
  input.addEventListener("input", () => { isTyping = true; });
  input.addEventListener("change", () => {
    isTyping = false;
    use("onChanged", [input.value]);
  });
  return {
    node,
    show: (element, isSaid) => {
      showText(text, nameOf(element));
      if (news(element.value, isSaid) && !isTyping) input.value = element.value;
    },
  };
};

const KINDS = { label, button, switch: toggle, slider, select, image, input: entry };

// What is another element, which has to be made anew.
export const keyOf = (element) =>
  [element.multi ? "several" : element.kind, element.name].join(" ");

// use(element, event, values) is told what people do.
export const makeElement = (element, use) => {
  const tell = (event, values) => use(element.name, event, values);
  const made = element.multi ? several(tell) : KINDS[element.kind](tell);
  made.node.dataset.element = element.name;
  made.show(element, true);
  return made;
};
