"""Head office during the storm: prices change, orders for collection come in and are cancelled.

It talks to the ledger by the channels' own calls; what got no answer is asked again with the same
id until it has one, and what was answered is sometimes asked again all the same.
"""
import random
import subprocess
import threading
import time
import urllib.error

from harness import program


class Office:
    def __init__(self, world, counts):
        self.world, self.counts = world, counts
        self.stopping = threading.Event()
        self.prices = 0
        self.placed = {}         # (channel, id) -> {location, lines, asked, told}: it said yes
        self.cancelled = {}      # (channel, id) -> (asked, told)
        self.restored = []       # (backup begun, ledger killed): what is forgotten
        self.faults = []
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self.change_prices, self.take_orders)]
        self.skus = [sku for sku, _, _ in world.items[::7]][:12]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(200)
            assert not thread.is_alive(), "head office hangs"
        assert not self.faults, self.faults[:3]

    def forgotten(self, asked, told):
        """Whether a restored ledger may not know what it was asked, and said yes to, then."""
        return any(told >= begun and asked <= killed for begun, killed in self.restored)

    # ---- prices

    def change_prices(self):
        """Changes prices and adds products all the while; what fails is tried again later."""
        path = self.world.folder / "prices.csv"
        pick = random.Random("office")
        while not self.stopping.wait(pick.uniform(0.5, 3.0)):
            self.prices += 1
            with open(path, "w", encoding="utf-8") as file:
                file.write("sku,name,price\n")
                for sku, _, name in pick.sample(self.world.items, 5):
                    file.write(f'{sku},"{name}",{pick.randint(100, 999) / 100:.2f}\n')
                file.write(f"NEW-{self.prices},New {self.prices},1.00\n")
            ledger = self.world.ledger
            done = subprocess.run(
                [program("holdfast-admin"), "--url", ledger.url, "--token-file", ledger.token,
                 *ledger.trust, "import", path], capture_output=True, timeout=200)
            self.counts["price changes" if done.returncode == 0 else "price changes refused"] += 1

    # ---- orders

    def take_orders(self):
        pick = random.Random(f"orders {self.world.seed}")
        number = 0
        while not self.stopping.wait(pick.uniform(0.1, 1.0)):
            try:
                if self.placed and pick.random() < 0.3:
                    self.cancel(pick.choice(list(self.placed)))
                    continue
                number += 1
                self.place(f"W-{number:05}", pick)
            except Exception as fault:  # told at the end: a thread's end would say nothing
                self.faults.append(repr(fault))

    def place(self, number, pick):
        order = {"channel": "web", "id": number, "location": pick.choice(("S01", "S02", "S03")),
                 "customer": f"c{pick.randint(1, 50)}",
                 "lines": [{"line": line, "sku": sku, "quantity_milli": 1000 * pick.randint(1, 3)}
                           for line, sku in enumerate(pick.sample(self.skus, pick.randint(1, 3)), 1)]}
        asked, status, answer = self.insist("/v1/orders", order)
        if status == 409:
            self.counts["orders refused"] += 1
            return
        assert status == 200 and answer["state"] == "placed", (number, status, answer)
        self.counts["orders placed"] += 1
        self.placed["web", number] = {"asked": asked, "told": time.monotonic(), **order}
        if pick.random() < 0.2:
            asked, status, again = self.insist("/v1/orders", order)
            told = time.monotonic()
            assert self.forgotten(0, told) or (status == 200 and again == answer), (answer, again)

    def cancel(self, key):
        asked, status, answer = self.insist(f"/v1/orders/{key[0]}/{key[1]}/cancel", {})
        if status == 200:
            assert answer["state"] in ("cancelled", "refused", "handed_over"), answer
            self.counts["orders cancelled"] += 1
            self.cancelled.setdefault(key, (asked, time.monotonic()))
        elif status == 404:
            order = self.placed[key]
            assert self.forgotten(order["asked"], order["told"]), (key, "is gone")
        else:
            assert status == 409, (key, status, answer)
            self.counts["cancelling refused"] += 1

    def insist(self, path, body):
        """(when it was first asked, status, answer); 503 and silence are asked again."""
        asked = time.monotonic()
        while True:
            try:
                status, answer = self.world.ledger.ask(path, body)
            except (OSError, urllib.error.URLError, ValueError):
                status, answer = 0, None
            if status in (200, 404, 409):
                return asked, status, answer
            assert status in (0, 429, 500, 503, 507), (path, status, answer)
            assert time.monotonic() - asked < 120, (path, status, answer)
            time.sleep(0.1)
