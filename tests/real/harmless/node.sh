# node has a thread pool, workers and child processes.
# needs: node
node -e 'console.log([3, 1, 2].sort().join(), process.argv.length)'
node -e '
const fs = require("fs"), crypto = require("crypto"), { execFile } = require("child_process");
const { Worker } = require("worker_threads");
const all = [];
for (let i = 0; i < 8; i++)
  all.push(new Promise((ok, bad) => crypto.pbkdf2("p" + i, "salt", 2000, 16, "sha256", (e, k) => e ? bad(e) : ok(k.toString("hex")))));
all.push(fs.promises.writeFile("f", "text").then(() => fs.promises.readFile("f", "utf8")));
all.push(new Promise(ok => execFile("echo", ["child"], (e, out) => ok(out.trim()))));
all.push(new Promise(ok => new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true }).on("message", ok)));
all.push(new Promise(ok => setTimeout(ok, 20, "timer")));
all.push(new Promise(ok => require("dns").lookup("localhost", { family: 4 }, (e, a) => ok(a))));
Promise.all(all).then(r => console.log(r.join("\n")));'
node -e 'const http = require("http"); const s = http.createServer((q, r) => r.end("hello " + q.url)).listen(0, "127.0.0.1", () =>
  http.get({ port: s.address().port, host: "127.0.0.1", path: "/x", agent: false }, r => r.on("data", d => console.log(String(d))).on("end", () => s.close())));'
node -e 'process.exit(4)'; echo "node: $?"
node -e 'console.error("to stderr")'
echo 'console.log(require("fs").readFileSync(0, "utf8").length)' > in.js
seq 1 20000 | node in.js
echo end of script
