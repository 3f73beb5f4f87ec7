"""A chain of shops made of real processes: one ledger, tills with their agents, people who sell.

    Machine = a till's folder + its agent + whoever sells at it (a thread that runs the real till by a
              script, or rings up invoices), each of which may die at any instant
    World   = the ledger, the machines, the network between them, small disks

Nothing here breaks anything; test_faults.py does. Each machine's thread goes on selling whatever
happens, and keeps what a person was told: the receipts that were printed, the invoices that were
said to be done.
"""
import collections
import glob
import json
import os
import random
import re
import shutil
import sqlite3
import ssl
import subprocess
import threading
import time

from fault_proxy import Proxy
from harness import ENGINE, ROOT, Ledger, Till, make_authority, program, run_program

DEMO = os.path.join(ROOT, "assets/demo")
SIGN_IN = "press item person/P03\ndigits 3456\npress button pin-go\nwait screen {}\n"
OPEN_SHIFT = "digits 100\npress pad/do\nwait screen sell\n"
PAY = ("press button pay\npress button cash/0\nwait screen change\nnote \"sold\"\n"
       "press button next-sale\n")
PAY_BY_CARD = PAY.replace("cash/0", "card\npress button card/approved")
PLACES = {"S01": 3, "S02": 2, "S03": 3}
TILL_DISK, LEDGER_DISK = 50, 150  # MB, besides what a minute of sales and printed receipts takes
MINUTE = 3


class Place:
    """A folder, as the harness wants it."""

    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)

    def __truediv__(self, name):
        return os.path.join(self.path, name)


def may_mount(path):
    """Whether this process can make small disks: root, and not shut in."""
    os.makedirs(path, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], capture_output=True)
    if done.returncode == 0:
        subprocess.run(["umount", path], check=True)
    return done.returncode == 0


class SmallDisk:
    """A tmpfs that can be filled to the last byte."""

    def __init__(self, path, size):
        self.path = path
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path],
                       check=True, capture_output=True)
        self.full_until = 0.0

    def fill(self, leave):
        with open(os.path.join(self.path, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    if file.write(bytes(65536)) < 65536:
                        break
            except OSError:
                pass
            try:
                file.truncate(max(0, file.tell() - leave))
            except OSError:
                pass

    def free(self):
        try:
            os.remove(os.path.join(self.path, "filler"))
        except FileNotFoundError:
            pass

    def unmount(self):
        subprocess.run(["umount", "-l", self.path], check=False, capture_output=True)


def reference_rows(table):
    for path in glob.glob(f"{DEMO}/*.json"):
        for row in json.load(open(path, encoding="utf-8"))["rows"]:
            if row["t"] == table and row["op"] == "put":
                yield row["row"]


def plain_items():
    """(sku, code, name) of what is sold by one scan without a question."""
    asked = ("min_age", "sale_from", "max_per_sale_milli", "tare_milli", "is_kit")
    items = {row["sku"]: row for row in reference_rows("item")
             if row.get("price_mode") == "fixed" and row.get("unit", "each") == "each" and
             row.get("state", "active") == "active" and not any(row.get(key) for key in asked)}
    variants = {row.get("variant_of") for row in reference_rows("item")}
    lists = {"base": set(), "base-eur": set()}
    for row in reference_rows("price"):
        if row["list"] in lists and not row.get("pack"):
            lists[row["list"]].add(row["sku"])
    return sorted((row["sku"], row["given"], items[row["sku"]]["name"])
                  for row in reference_rows("item_code")
                  if row["sku"] in items and row["sku"] not in variants and not row.get("pack") and
                  row["kind"] == "gtin" and row["sku"] in lists["base"] & lists["base-eur"])


class Machine:
    def __init__(self, world, name, location, till, path):
        self.world, self.name, self.location, self.path = world, name, location, path
        self.till = Till(path, till)
        self.random = random.Random(f"{world.seed} {name}")
        self.turn = threading.Lock()        # held by whoever uses the folder
        self.agent_lock = threading.Lock()
        self.process = self.agent = None
        self.agent_due = 0.0
        self.disk = None
        self.thread = None
        self.stopped = False
        self.invoice = 0
        self.pending = None                 # an invoice file that was not said to be done
        self.told_references = set()        # said to be done
        self.sold_notes = 0
        self.printed = set()
        self.told_kinds = collections.Counter()  # entries of other kinds that were said to be done
        self.problems = []                  # (monotonic time, what a program said when it failed)

    # ---- selling

    def start(self):
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.stopped:
            with self.turn:
                if self.stopped:
                    break
                dice = self.random.random()
                if dice < 0.3 or self.pending:
                    self.ring_up()
                elif dice < 0.55:
                    self.keep_promises()
                else:
                    self.sell()
                self.see_printed()
            time.sleep(self.random.uniform(0.05, 2.0) * self.world.ease)

    def run(self, name, *arguments):
        """Runs a program to its end, which may come from outside; its output, or None."""
        self.process = subprocess.Popen([program(name), "--data", self.path, *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, problem = self.process.communicate()
        status, self.process = self.process.returncode, None
        if status not in (0, -9):
            last = (problem.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
            self.problems.append((time.monotonic(), f"{name} {arguments[0]}: {status} {last}"))
        return status, output.decode("utf-8", "replace")

    def sell(self):
        lines = [SIGN_IN.format("sell")]
        for _ in range(self.random.randint(1, 8)):
            for _ in range(self.random.randint(1, 4)):
                _, code, _ = self.random.choice(self.world.items)
                if self.random.random() < 0.2:
                    lines.append(f"digits {self.random.randint(2, 9)}\nkey *\n")
                lines.append(f"scan {code}\n")
            lines.append(PAY_BY_CARD if self.random.random() < 0.3 else PAY)
        if self.random.random() < 0.4:
            lines.append("wait printed\n")
        script = self.path + ".script"
        with open(script, "w", encoding="utf-8") as file:
            file.writelines(lines)
        _, output = self.run("holdfast", "--headless", "--size", "1024x768", "--script", script)
        self.sold_notes += output.count("sold\n")

    def keep_promises(self):
        """Gift cards and orders."""
        _, output = self.run("holdfast-teller", "work", str(self.random.getrandbits(60)),
                             str(self.random.randint(1, 12)))
        for what, which in map(str.split, output.splitlines()):
            if what == "sold":
                self.printed.add(which)
            else:
                self.told_kinds[which] += 1

    def ring_up(self):
        if not self.pending:
            self.pending = self.write_invoices()
        path, references = self.pending
        status, _ = self.run("holdfast-admin", "replay", path, "--json")
        if status == 0:
            self.told_references |= references
            self.pending = None

    def write_invoices(self):
        path, references = self.path + ".csv", set()
        with open(path, "w", encoding="utf-8") as file:
            file.write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,"
                       "Country\n")
            for _ in range(self.random.randint(2, 25)):
                self.invoice += 1
                back = self.random.random() < 0.15
                number = f"{'C' if back else ''}{self.name}-{self.invoice}"
                references.add(f"csv:{number}")
                for _ in range(self.random.randint(1, 3)):
                    sku, _, _ = self.random.choice(self.world.items)
                    quantity = self.random.randint(1, 5) * (-1 if back else 1)
                    file.write(f"{number},{sku},x,{quantity},01/12/2010 08:26,"
                               f"{self.random.randint(1, 2000) / 100:.2f},,UK\n")
        return path, references

    def see_printed(self):
        names = (os.path.basename(path) for path in glob.glob(self.path + "/receipts/*.escpos"))
        found = (re.match(r"[A-Z0-9]+-[0-9A-Z]{3}-\d{6}", name) for name in names)
        self.printed |= {match.group(0) for match in found if match}

    # ---- the agent

    def keep_agent(self, now):
        """Starts the agent again when it is dead and due. Called by the storm's thread."""
        with self.agent_lock:
            if self.stopped or (self.agent and self.agent.poll() is None):
                return
            if self.agent:
                if self.agent.returncode != -9:
                    log = open(self.path + ".agent.log", errors="replace").read().strip()
                    self.problems.append((now, f"holdfast-sync: {self.agent.returncode} "
                                               f"{log.splitlines()[-1] if log else ''}"))
                self.agent = None
                self.agent_due = now + self.random.uniform(0.0, 1.5)
            elif now >= self.agent_due:
                with open(self.path + ".agent.log", "ab") as log:
                    self.agent = subprocess.Popen([program("holdfast-sync"), "--data", self.path],
                                                  stdout=log, stderr=log)

    def seize(self):
        """Everything of this machine dies, as when its plug is pulled; the folder is the caller's
        until `release`."""
        self.agent_lock.acquire()
        while not self.turn.acquire(timeout=0.02):
            process = self.process
            if process:
                process.kill()
        if self.agent:
            self.agent.kill()
            self.agent.wait()
            self.agent = None

    def release(self):
        self.turn.release()
        self.agent_lock.release()

    # ---- looking

    def entries(self):
        """(bytes, hash, signature) of its journal, from a copy: for a machine that is seized."""
        return self.till.rows("SELECT bytes, hash, signature FROM entry ORDER BY id")

    def replica(self):
        with open(os.path.join(self.path, "replica.current")) as file:
            return os.path.join(self.path, file.read().strip())

    def replica_rows(self, *queries):
        """All queries in one transaction, as any reader beside the agent."""
        db = sqlite3.connect(f"file:{self.replica()}?mode=ro&readonly_shm=1", uri=True, timeout=5,
                             isolation_level=None)
        try:
            db.execute("BEGIN")
            return [db.execute(query).fetchall() for query in queries]
        finally:
            db.close()


class World:
    def __init__(self, folder, seed, ease, small_disks, minutes):
        self.folder, self.seed, self.ease, self.minutes = folder, seed, ease, minutes
        self.random = random.Random(seed)
        self.items = plain_items()
        self.disks = []
        self.ca, cert, key = make_authority(folder)
        ends = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ends.load_cert_chain(cert, key)
        self.proxy = Proxy(seed, (ends, ssl.create_default_context(cafile=self.ca)))
        self.machines = []
        home = Place(folder / "ledger")
        self.ledger_disk = self.disk(home.path, LEDGER_DISK) if small_disks else None
        self.ledger = Ledger(home)
        self.ledger.token = shutil.move(self.ledger.token, folder / "ledger.token")
        self.ledger.log = folder / "ledger.log"
        self.ledger.extra = ["--tls-cert", cert, "--tls-key", key]
        self.ledger.trust = ["--ca", self.ca]
        self.ledger.start()
        self.proxy.upstream_port = self.ledger.port
        self.ledger.admin("load", DEMO)
        number = 0
        for location, tills in PLACES.items():
            for _ in range(tills):
                number += 1
                small = small_disks and number in (2, 5)
                self.machines.append(self.new_machine(f"T{number:02}", location, small))

    def disk(self, path, megabytes):
        disk = SmallDisk(path, f"{megabytes + int(MINUTE * self.minutes)}m")
        self.disks.append(disk)
        return disk

    def new_machine(self, name, location, small):
        path = self.folder / name
        disk = None
        if small:
            os.makedirs(path)
            disk = self.disk(path, TILL_DISK)
        link = self.proxy.add_link(blind=len(self.machines) % 2 == 1)
        code = self.ledger.json("enroll-code", "--location", location, "--till", name)["code"]
        run_program("holdfast-admin", "--data", path, "enroll", "--url",
                    f"https://127.0.0.1:{link.port}", "--code", code, "--ca", self.ca)
        machine = Machine(self, name, location, name, path)
        machine.disk = disk
        machine.till.sync()
        machine.till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT)
        return machine

    def clone(self, original, name):
        """A whole copy of the machine's folder; both go on."""
        original.seize()
        try:
            path = self.folder / name
            shutil.copytree(original.path, path, ignore=shutil.ignore_patterns("*.sock", "filler"))
            twin = Machine(self, name, original.location, original.till.name, path)
            twin.told_references = set(original.told_references)
            twin.sold_notes = original.sold_notes
            twin.told_kinds = collections.Counter(original.told_kinds)
        finally:
            original.release()
        self.machines.append(twin)
        return twin

    def close(self):
        for machine in self.machines:
            machine.stopped = True
            for process in (machine.process, machine.agent):
                if process and process.poll() is None:
                    process.kill()
        self.ledger.kill()
        self.proxy.close()
        for disk in self.disks:
            disk.unmount()

    def engine(self):
        return "SQLite" if ENGINE == "sqlite" else "PostgreSQL"
