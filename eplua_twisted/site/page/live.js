// The page's WebSocket: it comes again when it was lost, and what it tells is given on.

import { byId } from "./dom.js";

const FIRST_PAUSE = 500, LONGEST_PAUSE = 5000; // milliseconds until it tries again

const connection = byId("connection"), notice = byId("notice");

let socket, pause = FIRST_PAUSE, noticeTimer;

const show = (state, text) => {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = text;
};

// All is there that is to be shown.
export const connected = () => {
  show("open", "Connected");
  pause = FIRST_PAUSE;
};

export const warn = (text) => {
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, 8000);
};

export const calm = () => { notice.hidden = true; };

export const tell = (message) => {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  else warn("There is no connection: that was not done.");
};

// told: a function for each type of message.
export const connect = (told) => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    told[message.type]?.(message);
  });
  socket.addEventListener("close", () => {
    show("lost", "Connection lost. Trying again…");
    setTimeout(connect, pause, told);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  });
};
