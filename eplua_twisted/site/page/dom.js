// Nodes. Texts become text nodes: nothing that a script writes is ever read as HTML.

export const byId = (id) => document.getElementById(id);

export const make = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};

export const showText = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
