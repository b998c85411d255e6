// Node's http, answering as bench/lua/http_server.lua does.
const fs = require("fs");
const SMALL = "x".repeat(64), LARGE = Buffer.alloc(1048576), PIECE = Buffer.alloc(16384);

function answer(request, response) {
  if (request.method === "POST") {
    let size = 0;
    request.on("data", (chunk) => { size += chunk.length; });
    request.on("end", () => response.end(String(size)));
  } else if (request.url === "/large") {
    response.setHeader("Content-Length", LARGE.length);
    response.end(LARGE);
  } else if (request.url === "/stream") {
    for (let i = 0; i < 64; i++) response.write(PIECE);
    response.end();
  } else {
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": SMALL.length });
    response.end(SMALL);
  }
}

const pem = process.argv[2] && fs.readFileSync(process.argv[2]);
const server = pem
  ? require("https").createServer({ key: pem, cert: pem }, answer)
  : require("http").createServer(answer);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
