# asyncio with its thread pool, loops in several threads, and calls across.
import asyncio
import threading
import time


async def echo(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
        await writer.drain()
    writer.close()


async def client(port, i):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for k in range(20):
        writer.write(b"%d-%d\n" % (i, k))
        assert await reader.readline() == b"%d-%d\n" % (i, k)
    writer.close()
    return i


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=128)
    port = server.sockets[0].getsockname()[1]
    print("echo", sum(await asyncio.gather(*(client(port, i) for i in range(50)))))
    begin = time.monotonic()
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.2) for _ in range(5)))
    print("to_thread in parallel", 0.19 < time.monotonic() - begin < 0.9)
    p = await asyncio.create_subprocess_exec("sh", "-c", "echo child; exit 3", stdout=-1)
    print((await p.communicate())[0], p.returncode)
    server.close()


asyncio.run(main())

loops = []


def run_loop(loop):
    loop.run_forever()
    loop.close()


for _ in range(5):
    loop = asyncio.new_event_loop()
    t = threading.Thread(target=run_loop, args=(loop,))
    t.start()
    loops.append((loop, t))


async def answer(i):
    await asyncio.sleep(0.01)
    return i * i


futures = [asyncio.run_coroutine_threadsafe(answer(i), loops[i % 5][0]) for i in range(25)]
print("across threads", [f.result(30) for f in futures])
for loop, t in loops:
    loop.call_soon_threadsafe(loop.stop)
    t.join(30)
print("done")
