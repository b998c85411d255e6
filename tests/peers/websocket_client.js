// The ws package of Node.js: text, then all bytes, both of which come back.

const WebSocket = require("ws");

const ws = new WebSocket(process.argv[2]);
let seen = 0;

ws.on("open", () => {
  ws.send("text");
  ws.send(Buffer.from([...Array(256).keys()]));
});

ws.on("message", (data, binary) => {
  console.log(binary, data.length);
  seen += 1;
  if (seen === 2) ws.close(4003, "x");
});

ws.on("close", (code) => console.log("closed", code));
