"""A network that misbehaves: a proxy between an agent and the ledger, one link per till.

It knows as much of HTTP as it must to tell requests apart (heads and Content-Length):

    agent ──► link (own port, own weather) ──► pieces, delayed, slow ──► ledger
                 per request one fate: pass, cut in the request, cut in the response, stall (half-open),
                 late (the agent sees a reset, the ledger gets the request afterwards), hold (others
                 overtake it), twice (the same bytes delivered again, before or after)

With `tls` a link ends the agent's TLS and begins another to the ledger, to do all that; a link that
is `blind` passes the agent's own TLS as bytes, which it cuts, stalls and slices wherever it falls:
in handshakes, in records, without the word that ends a session.

Weather says how likely each fate is, and how long, slow and sliced everything is. `Proxy.storm` changes
the weather of every link by a seeded schedule; `Proxy.heal` makes it fine, for good. What was done
is counted in `Proxy.counts`. The proxy runs in a thread of its own; every method may be called
from any thread.
"""
import asyncio
import collections
import dataclasses
import random
import re
import socket
import struct
import threading
import time

HEAD_MAX = 65536
CHUNK = 65536
KEPT_MAX = 4 << 20  # a larger request is passed through as it comes
FATES = ("cut_request", "cut_response", "stall_request", "stall_response", "late", "hold",
         "twice_before", "twice_after")


@dataclasses.dataclass(frozen=True)
class Weather:
    name: str = "fine"
    latency: float = 0.0        # seconds per piece and direction
    jitter: float = 0.0         # up to so much more
    rate: float = 0.0           # bytes per second, 0: no limit
    slice_most: int = 0         # pieces of 1..so many bytes, 0: whole
    reset: float = 0.5          # share of cuts that are RST, the others are FIN
    refuse: bool = False        # nobody listens
    pause: float = 1.0          # longest hold and lateness
    fates: tuple = ()           # ((fate, probability), ...)


FINE = Weather()
WEATHERS = (
    (FINE, 4),
    (Weather("slow", latency=0.05, jitter=0.15), 2),
    (Weather("far", latency=0.3, jitter=0.6), 1),
    (Weather("thin", rate=8000.0), 1),
    (Weather("sliced", slice_most=7), 2),
    (Weather("refuse", refuse=True), 1),
    (Weather("cutting", fates=(("cut_request", 0.3), ("cut_response", 0.4))), 3),
    (Weather("tearing", slice_most=50, latency=0.002,
             fates=(("cut_request", 0.35), ("cut_response", 0.35))), 1),
    (Weather("half-open", fates=(("stall_request", 0.3), ("stall_response", 0.4))), 1),
    (Weather("late", pause=2.0, fates=(("late", 0.5), ("hold", 0.3))), 2),
    (Weather("twice", fates=(("twice_before", 0.35), ("twice_after", 0.5))), 3),
    (Weather("all of it", latency=0.01, jitter=0.05, slice_most=900,
             fates=tuple((fate, 0.08) for fate in FATES)), 3),
)


class Cut(Exception):
    """This connection ends here, by the proxy's will."""


class Link:
    """One till's way to the ledger."""

    def __init__(self, number, blind=False):
        self.number, self.blind = number, blind
        self.port = 0
        self.weather = FINE
        self.changed = asyncio.Event()  # replaced at each change of weather
        self.server = None
        self.connections = set()


class Connection:
    def __init__(self, proxy, link, client, upstream):
        self.proxy, self.link = proxy, link
        self.client_reader, self.client = client
        self.upstream_reader, self.upstream = upstream
        self.response_budget = None  # bytes of the response until its fate
        self.response_fate = None
        self.kept = None             # the request that is told again after its response
        self.status = asyncio.Queue()

    async def stall(self):
        """Nothing passes until the weather changes; then it goes on as if it had been slow."""
        self.proxy.counts["stalled"] += 1
        await self.link.changed.wait()

    def cut(self):
        reset = self.proxy.random.random() < self.link.weather.reset
        self.proxy.counts["resets" if reset else "cuts"] += 1
        for writer in (self.client, self.upstream):
            end(writer, reset)
        raise Cut

    async def send(self, writer, data):
        weather, pick = self.link.weather, self.proxy.random
        if weather.latency or weather.jitter:
            await asyncio.sleep(weather.latency + pick.random() * weather.jitter)
        at = 0
        while at < len(data):
            # Slices are small where they may split a head, and then grow: time is not the point.
            most = weather.slice_most * (1 if at < 600 else 40)
            size = pick.randint(1, most) if most else CHUNK
            piece = data[at:at + (min(size, int(weather.rate / 10) + 1) if weather.rate else size)]
            writer.write(piece)
            await writer.drain()
            at += len(piece)
            self.proxy.counts["pieces"] += 1
            if weather.rate:
                await asyncio.sleep(len(piece) / weather.rate)
            elif weather.slice_most:
                await asyncio.sleep(0)

    async def request_part(self, data, budget):
        """Sends a part of a request; returns what is left of the bytes until its cut or stall."""
        if budget is None or len(data) < budget:
            await self.send(self.upstream, data)
            return None if budget is None else budget - len(data)
        await self.send(self.upstream, data[:budget])
        return 0

    async def one_request(self):
        head = await self.client_reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        length = int(length.group(1)) if length else 0
        self.proxy.counts["requests"] += 1
        fate = self.proxy.draw_fate(self.link.weather)
        whole = fate in ("late", "hold", "twice_before", "twice_after")
        if whole and (length > KEPT_MAX or re.search(rb"\r\nexpect:", head, re.I)):
            fate, whole = None, False
        if fate:
            self.proxy.counts[fate] += 1
        if whole:
            await self.kept_request(fate, head + await self.client_reader.readexactly(length))
            return
        budget = None
        if fate in ("cut_request", "stall_request"):
            budget = self.proxy.random.randrange(len(head) + length + 1)
        elif fate in ("cut_response", "stall_response"):
            self.response_fate = fate
            self.response_budget = self.proxy.random.choice((0, 1, 20, 200, 1000, 20000))
        await self.stream_request(head, length, fate, budget)

    async def stream_request(self, part, length, fate, budget):
        while True:
            left = await self.request_part(part, budget)
            if left == 0:
                if fate == "cut_request":
                    self.cut()
                await self.stall()
                await self.send(self.upstream, part[budget:])
                left = None
            budget = left
            if length == 0:
                return
            part = await self.client_reader.read(min(CHUNK, length))
            if not part:
                raise ConnectionError("the client went")
            length -= len(part)

    async def kept_request(self, fate, request):
        pause = self.proxy.random.random() * self.link.weather.pause
        if fate == "late":
            end(self.client, True)
            self.proxy.background(self.proxy.deliver(request, pause, "late"))
            end(self.upstream, False)
            raise Cut
        if fate == "hold":
            await asyncio.sleep(pause)
        while not self.status.empty():
            self.status.get_nowait()
        first = None
        if fate == "twice_before":
            first = await self.proxy.deliver(request, 0.0, "twice")
        await self.send(self.upstream, request)
        if fate in ("twice_before", "twice_after"):
            self.proxy.background(self.judge_twice(request, first, pause))

    async def judge_twice(self, request, first, pause):
        """Of two deliveries of the same bytes at most one may be taken."""
        begun = time.monotonic()
        try:
            second = await asyncio.wait_for(self.status.get(), 60)
        except asyncio.TimeoutError:
            return
        if first is None:
            first = second
            second = await self.proxy.deliver(request, pause, "twice")
        if first == 200 and second == 200:
            line = request.split(b"\r\n", 1)[0].decode("latin-1")
            self.proxy.taken_twice.append((begun, time.monotonic(), line))

    async def requests(self):
        while True:
            await self.one_request()

    async def responses(self):
        while True:
            data = await self.upstream_reader.read(CHUNK)
            if not data:
                raise ConnectionError("the ledger went")
            match = re.match(rb"HTTP/1\.1 (\d\d\d)", data)
            if match:
                self.status.put_nowait(int(match.group(1)))
            if self.response_budget is not None and len(data) >= self.response_budget:
                at, fate = self.response_budget, self.response_fate
                self.response_budget = None
                await self.send(self.client, data[:at])
                if fate == "cut_response":
                    self.cut()
                await self.stall()
                data = data[at:]
            elif self.response_budget is not None:
                self.response_budget -= len(data)
            await self.send(self.client, data)


class BlindConnection(Connection):
    """Bytes, whatever they mean: each burst of the agent's has a fate."""

    async def one_request(self):
        burst = await self.client_reader.read(CHUNK)
        if not burst:
            raise ConnectionError("the client went")
        self.proxy.counts["bursts"] += 1
        fate = self.proxy.draw_fate(self.link.weather)
        if fate not in ("cut_request", "stall_request", "cut_response", "stall_response"):
            await self.send(self.upstream, burst)
            return
        self.proxy.counts[f"blind {fate}"] += 1
        budget = None
        if fate in ("cut_request", "stall_request"):
            budget = self.proxy.random.randrange(len(burst) + 1)
        else:
            self.response_fate = fate
            self.response_budget = self.proxy.random.choice((0, 1, 20, 200, 1000, 20000))
        await self.stream_request(burst, 0, fate, budget)


def end(writer, reset):
    if reset:
        sock = writer.get_extra_info("socket")
        if sock is not None:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        writer.transport.abort()
    else:
        writer.close()


class Proxy:
    def __init__(self, seed=1, tls=None):
        """`tls`: (the contexts of a server and of a client), when the ledger speaks it."""
        self.tls_server, self.tls_client = tls or (None, None)
        self.random = random.Random(seed)
        self.counts = collections.Counter()
        self.taken_twice = []  # (from, until, request line): both deliveries answered 200
        self.upstream_port = 0
        self.links = []
        self.tasks = set()
        self.weather_task = None
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self.unheard)
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def background(self, coroutine):
        task = self.loop.create_task(quiet(coroutine))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def unheard(self, loop, context):
        """A session that broke where nobody waits for it, which is what happens here all the time."""
        self.counts["broken sessions"] += 1
        if not isinstance(context.get("exception"), (OSError, type(None))):
            loop.default_exception_handler(context)

    # ---- what tests call

    def add_link(self, blind=False):
        """A new way to the ledger; the agent connects to `.port`."""
        async def make():
            link = Link(len(self.links), blind)
            await self.listen(link)
            self.links.append(link)
            return link
        return self.call(make())

    def set_weather(self, link, weather):
        self.call(self.change(link, weather))

    def storm(self, shortest=0.5, longest=5.0):
        """Changes every link's weather again and again, until `heal`."""
        async def start():
            self.weather_task = self.loop.create_task(self.blow(shortest, longest))
        self.call(start())

    def heal(self):
        async def stop():
            if self.weather_task:
                self.weather_task.cancel()
                self.weather_task = None
            for link in self.links:
                await self.change(link, FINE)
        self.call(stop())

    def close(self):
        async def stop():
            if self.weather_task:
                self.weather_task.cancel()
            for link in self.links:
                if link.server:
                    link.server.close()
            tasks = list(self.tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.call(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    # ---- inside the loop

    async def listen(self, link):
        async def serve(reader, writer):
            self.background(self.connection(link, reader, writer))
        link.server = await asyncio.start_server(serve, "127.0.0.1", link.port, limit=HEAD_MAX,
                                                 reuse_address=True,
                                                 ssl=None if link.blind else self.tls_server)
        link.port = link.server.sockets[0].getsockname()[1]

    async def change(self, link, weather):
        if weather.refuse and link.server:
            link.server.close()
            link.server = None
            for connection in list(link.connections):
                end(connection.client, True)
                end(connection.upstream, True)
        elif not weather.refuse and link.server is None:
            await self.listen(link)
        link.weather = weather
        link.changed.set()
        link.changed = asyncio.Event()
        self.counts[f"weather {weather.name}"] += 1

    async def blow(self, shortest, longest):
        due = [0.0 for _ in self.links]
        start = time.monotonic()
        while True:
            now = time.monotonic() - start
            for link in self.links:
                if link.number >= len(due):
                    due.append(0.0)
                if now >= due[link.number]:
                    due[link.number] = now + self.random.uniform(shortest, longest)
                    weathers, weights = zip(*WEATHERS)
                    await self.change(link, self.random.choices(weathers, weights)[0])
            await asyncio.sleep(0.1)

    def draw_fate(self, weather):
        dice = self.random.random()
        for fate, probability in weather.fates:
            if dice < probability:
                return fate
            dice -= probability
        return None

    async def connection(self, link, reader, writer):
        self.counts["connections"] += 1
        try:
            upstream = await self.to_ledger(None if link.blind else self.tls_client)
        except OSError:
            self.counts["ledger away"] += 1
            end(writer, True)
            return
        kind = BlindConnection if link.blind else Connection
        connection = kind(self, link, (reader, writer), upstream)
        link.connections.add(connection)
        pumps = [self.loop.create_task(connection.requests()),
                 self.loop.create_task(connection.responses())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            link.connections.discard(connection)
            end(writer, False)
            end(upstream[1], False)

    async def to_ledger(self, tls):
        return await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=CHUNK, ssl=tls)

    async def deliver(self, request, pause, why):
        """Delivers kept bytes on a connection of their own; the status of the answer, or 0."""
        await asyncio.sleep(pause)
        try:
            reader, writer = await self.to_ledger(self.tls_client)
            writer.write(request)
            await writer.drain()
            line = await asyncio.wait_for(reader.readline(), 40)
            end(writer, False)
        except (OSError, asyncio.TimeoutError):
            return 0
        match = re.match(rb"HTTP/1\.1 (\d\d\d)", line)
        status = int(match.group(1)) if match else 0
        self.counts[f"{why} answered {status}"] += 1
        return status


async def quiet(coroutine):
    try:
        await coroutine
    except (OSError, Cut, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
