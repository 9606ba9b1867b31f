// worker_threads, SharedArrayBuffer with Atomics.wait, the libuv pool (dns, fs, crypto), a child.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (isMainThread) {
  let left = 4, sum = 0;
  const shared = new Int32Array(new SharedArrayBuffer(8));
  for (let i = 0; i < 4; i++) { const w = new Worker(__filename, { workerData: { i, shared } });
    w.on('message', v => { sum += v; }); w.on('exit', () => { if (--left === 0) { console.log('sum', sum, 'shared', shared[0]);
      require('dns').lookup('localhost', (e) => { require('fs').readFile(__filename, (e, d) => { require('crypto').pbkdf2('a', 'b', 10000, 16, 'sha1', (e, k) => { console.log('done', k.toString('hex')); require('child_process').exec('echo child', (e, o) => console.log(o.trim() + '\ndone')); }); }); }); } }); }
} else { let s = 0; for (let k = 0; k < 2000000; k++) s = (s + k * workerData.i) % 1000007; Atomics.add(workerData.shared, 0, 1); Atomics.wait(workerData.shared, 1, 0, 20); parentPort.postMessage(s); }
