// The ws package of Node.js, on a free port, which it prints: it sends back what it
// gets, but for some words, and tells how each connection has ended.

const { WebSocketServer } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: true,
  maxPayload: 0,
});

server.on("listening", () => console.log(`port ${server.address().port} end`));

const words = {
  close: (ws) => ws.close(4001, "as asked"),
  drop: (ws) => ws.terminate(),
  big: (ws) => ws.send(Buffer.alloc(5000000, 1)),
  pings: (ws) => {
    ws.once("pong", (data) => ws.send(`pong ${data}`));
    ws.ping("hello");
  },
};

server.on("connection", (ws) => {
  let bytes = 0;
  ws.on("message", (data, binary) => {
    bytes += data.length;
    const word = binary ? undefined : words[data.toString()];
    if (word) word(ws);
    else if (bytes < 1000000) ws.send(data, { binary });
  });
  ws.on("close", (code, reason) => console.log(`closed ${code} ${reason} ${bytes}`));
  ws.on("error", (problem) => console.log(`error ${problem.message}`));
});
