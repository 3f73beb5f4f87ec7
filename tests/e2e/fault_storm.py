"""What happens to a World: a seeded list of misfortunes, each undone after a while."""
import collections
import heapq
import itertools
import os
import random
import shutil
import signal
import subprocess
import time

from fault_office import Office
from harness import ROOT


class Storm:
    """Deeds come in random order for `seconds`; the great ones (backup, restore, clone) at chosen
    shares of the time. Everything that is stopped, full or away comes back after seconds."""

    def __init__(self, world, seed, seconds):
        self.world, self.seconds = world, seconds
        self.random = random.Random(f"storm {seed}")
        self.counts = collections.Counter()
        self.undo = []
        self.order = itertools.count()
        self.bad_spans = []      # (from, until) of a full disk, or of no PostgreSQL
        self.ledger_ends = []     # what the ledger said when it ended by itself
        self.required = {}        # hash -> place: what the ledger knew of a till's lost disk
        self.lost = {}            # hash -> bytes: what only the lost disk knew
        self.cluster = os.environ.get("HOLDFAST_TEST_CLUSTER")
        self.cluster_away = False
        self.office = Office(world, self.counts)

    # ---- the run

    def blow(self):
        deeds = [(self.kill_agent, 10), (self.kill_till, 10), (self.kill_ledger, 2),
                 (self.stop_agent, 5), (self.stop_till, 4), (self.stop_ledger, 2)]
        if self.world.disks:
            deeds.append((self.fill_disk, 3))
        if self.cluster:
            deeds.append((self.kill_cluster, 2))
        clone_at = self.random.choice((0.15, 0.4, 0.62))
        great = sorted([(0.1, self.keep_tills_copy), (0.25, self.backup), (0.5, self.restore_ledger),
                        (0.72, self.restore_till), (clone_at, self.clone_till)]
                       + [(0.35, self.kill_cluster)] * bool(self.cluster), key=lambda g: g[0])
        self.office.start()
        self.world.proxy.storm()
        start = time.monotonic()
        actions, weights = zip(*deeds)
        due = start + 1.0
        while (now := time.monotonic()) < start + self.seconds:
            self.look_after(now)
            if great and now - start >= great[0][0] * self.seconds:
                great.pop(0)[1]()
            elif now >= due:
                self.random.choices(actions, weights)[0]()
                due = now + self.random.uniform(0.05, 0.9)
            time.sleep(0.05)
        assert not great

    def look_after(self, now):
        """Undoes what is due, and starts again what is dead."""
        while self.undo and self.undo[0][0] <= now:
            heapq.heappop(self.undo)[2]()
        for machine in self.world.machines:
            machine.keep_agent(now)
        ledger = self.world.ledger
        if ledger.process and ledger.process.poll() is not None:
            self.ledger_ends.append((now, ledger.process.returncode, last_line(ledger.log)))
            ledger.process = None
            self.later(1.0, self.start_ledger)

    def later(self, seconds, undo):
        heapq.heappush(self.undo, (time.monotonic() + seconds, next(self.order), undo))

    def calm(self):
        """Everything that was broken is mended, now."""
        while self.undo:
            heapq.heappop(self.undo)[2]()
        self.world.proxy.heal()
        self.office.stop()

    def excused(self, when):
        """A program may give up by itself then, in one line; it is started again."""
        return any(begin <= when <= end + 10 for begin, end in self.bad_spans)

    # ---- small misfortunes

    def machine(self):
        return self.random.choice(self.world.machines)

    def kill_agent(self):
        agent = self.machine().agent
        if agent and agent.poll() is None:
            agent.kill()
            self.counts["agents killed"] += 1

    def kill_till(self):
        process = self.machine().process
        if process:
            process.kill()
            self.counts["tills killed"] += 1

    def kill_ledger(self):
        if self.world.ledger.process:
            self.world.ledger.kill()
            self.counts["ledgers killed"] += 1
            self.later(self.random.uniform(0.0, 2.0), self.start_ledger)

    def start_ledger(self):
        if self.world.ledger.process:
            return
        try:
            self.world.ledger.start()
        except AssertionError:
            # Its disk is full, or its database away: whoever looks after it tries again.
            self.world.ledger.process.wait()
            self.ledger_ends.append((time.monotonic(), self.world.ledger.process.returncode,
                                     last_line(self.world.ledger.log)))
            self.world.ledger.process = None
            self.later(1.0, self.start_ledger)

    def pause(self, process, name):
        if not process or process.poll() is not None:
            return
        process.send_signal(signal.SIGSTOP)
        self.counts[name] += 1
        self.later(self.random.choice((0.05, 0.3, 1.0, 3.0)), lambda: process.send_signal(signal.SIGCONT))

    def stop_agent(self):
        self.pause(self.machine().agent, "agents stopped")

    def stop_till(self):
        self.pause(self.machine().process, "tills stopped")

    def stop_ledger(self):
        self.pause(self.world.ledger.process, "ledgers stopped")

    def fill_disk(self):
        disk = self.random.choice(self.world.disks)
        if disk.full_until > time.monotonic():
            return
        seconds = self.random.uniform(0.5, 6.0)
        disk.full_until = time.monotonic() + seconds
        self.bad_spans.append((time.monotonic(), disk.full_until))
        disk.fill(self.random.choice((0, 0, 4096, 70000)))
        self.counts["disks filled"] += 1
        self.later(seconds, disk.free)

    def kill_cluster(self):
        if self.cluster_away:
            return
        postgres = os.path.join(ROOT, "packaging/postgres")
        subprocess.run([postgres, "kill", self.cluster], check=True)
        self.counts["PostgreSQL killed"] += 1
        self.cluster_away = True

        def again():
            subprocess.run([postgres, "start", self.cluster], check=True, stdout=subprocess.DEVNULL)
            self.cluster_away = False
        away = self.random.uniform(0.0, 3.0)
        self.bad_spans.append((time.monotonic(), time.monotonic() + away))
        self.later(away, again)

    # ---- great ones

    def keep_tills_copy(self):
        """The backup that somebody makes of a till's folder."""
        machine = self.old_machine = self.world.machines[3]
        machine.seize()
        self.old_copy = machine.path + ".copy"
        shutil.copytree(machine.path, self.old_copy, ignore=shutil.ignore_patterns("*.sock"))
        machine.release()

    def restore_till(self):
        """The till's disk dies; its old copy is put into the new machine."""
        machine = self.old_machine
        machine.seize()
        known = self.ledger_hashes()
        for raw, digest, _ in machine.entries():
            if digest in known:
                self.required[digest] = "a till's lost disk"
            else:
                self.lost[digest] = raw
        machine.see_printed()
        machine.pending = None  # half of it may be at the ledger, which this disk won't know
        shutil.rmtree(machine.path)
        shutil.copytree(self.old_copy, machine.path)
        self.counts["tills restored"] += 1
        machine.release()

    def ledger_hashes(self):
        """What is committed at the ledger now; nothing of this till can come after, for it is dead
        and its late requests are waited for."""
        time.sleep(3.0)
        stopped = self.world.ledger.process
        if stopped and stopped.poll() is None:
            stopped.send_signal(signal.SIGCONT)
        if self.cluster_away:
            self.calm_cluster()
        return {digest for (digest,) in self.world.ledger.rows(
            "SELECT hash FROM entry UNION ALL SELECT hash FROM branch")}

    def calm_cluster(self):
        subprocess.run([os.path.join(ROOT, "packaging/postgres"), "start", self.cluster], check=True,
                       stdout=subprocess.DEVNULL)
        self.cluster_away = False

    def clone_till(self):
        self.world.clone(self.world.machines[6], "T07-twin").start()
        self.counts["tills cloned"] += 1

    def backup(self):
        """While it serves, in the storm; tried until it is done."""
        self.backup_path = self.world.folder / "ledger.backup"
        self.backup_begun = time.monotonic()
        for _ in range(60):
            done = self.world.ledger.tool("backup", "--to", self.backup_path, check=False)
            if done.returncode == 0:
                self.counts["ledger backups"] += 1
                return
            for _ in range(20):
                self.look_after(time.monotonic())
                time.sleep(0.05)
        raise AssertionError(f"no backup in 60 tries: {done.stderr}")

    def restore_ledger(self):
        self.world.ledger.kill()
        self.office.restored.append((self.backup_begun, time.monotonic()))
        if self.cluster_away:
            self.calm_cluster()
        if self.world.ledger_disk:
            self.world.ledger_disk.free()
        self.world.ledger.tool("restore", "--from", self.backup_path)
        self.counts["ledgers restored"] += 1
        self.start_ledger()


def last_line(path):
    with open(path, errors="replace") as file:
        return (file.read().strip().splitlines() or [""])[-1]
