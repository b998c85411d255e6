"use strict";

const list = document.getElementById("rooms");

function show(rooms) {
  list.replaceChildren(...Object.keys(rooms).sort().map((name) => {
    const item = document.createElement("li");
    item.textContent = `${name}: ${rooms[name].target} °C`;
    return item;
  }));
}

function watch() {
  const socket = new WebSocket(`ws://${location.host}/live`);
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => setTimeout(watch, 1000);
}

watch();
