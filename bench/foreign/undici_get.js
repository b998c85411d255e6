// undici as a client, doing what bench/lua/http_get.lua does.
const fs = require("fs");
const { Agent, request } = require("undici");
const [url, flying, warm, total, size] = [process.argv[2], ...process.argv.slice(3, 7).map(Number)];
const ca = process.argv[7] && fs.readFileSync(process.argv[7]);
const dispatcher = new Agent({ connections: flying, pipelining: 1, connect: { ca } });
const options = size
  ? { method: "POST", body: Buffer.alloc(size, "x"), dispatcher }
  : { method: "GET", dispatcher };

async function load(count) {
  let left = count;
  async function one() {
    while (left-- > 0) {
      const { statusCode, body } = await request(url, options);
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      await body.arrayBuffer();
    }
  }
  await Promise.all(Array.from({ length: flying }, one));
}

(async () => {
  await load(warm);
  console.log("go");
  await load(total);
  console.log("done");
  process.exit(0);
})();
