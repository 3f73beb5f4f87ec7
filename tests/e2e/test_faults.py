#!/usr/bin/env python3
"""A chain of shops under a storm: 1 ledger, 8 tills, 8 agents, killed, stopped, cloned, restored,
their disks full, the network at its worst; then everything is mended, drains, and is compared with
an independent fold of the entries.

    test_faults.py [--minutes M] [--seed N] [--db sqlite|postgres] [--ease X]

3 minutes, or 30 with $HOLDFAST_FULL=1. --ease 2 lets people sell half as fast. Small disks need
root; without it they are left out, loudly. The database is $HOLDFAST_TEST_DB's; --db postgres starts
a PostgreSQL of its own, which is then killed as well.
"""
import argparse
import concurrent.futures
import os
import random
import subprocess
import sys
import threading
import time

import harness
from harness import FULL, ROOT, SEED, run


def sampler(world, samples, stopping):
    """Looks at the tills' replicas while everything happens."""
    from fault_verdict import Sample
    pick = random.Random("sampler")
    while not stopping.wait(0.7):
        try:
            samples.append(Sample(pick.choice(world.machines)))
        except Exception:  # swapped, restored, not there: there is a next time
            pass
        if len(samples) > 3000:
            del samples[::2]


def settle(world, storm):
    """People finish what they were at: pay, print, ring up what is left."""
    for machine in world.machines:
        machine.stopped = True
    for machine in world.machines:
        if machine.thread:
            machine.thread.join(300)
            assert not machine.thread.is_alive(), f"{machine.name} hangs"
        machine.stopped = False
    storm.look_after(time.monotonic())
    everybody(world, one_more_sale)


def everybody(world, deed):
    with concurrent.futures.ThreadPoolExecutor(3) as people:
        list(people.map(deed, world.machines))


def one_more_sale(machine):
    from fault_world import PAY, SIGN_IN
    if machine.pending:
        machine.ring_up()
        assert not machine.pending, (machine.name, machine.problems[-1:])
    code = machine.world.items[0][1]
    machine.till.play(SIGN_IN.format("sell") + f"scan {code}\n" + PAY + "wait printed\n")
    machine.see_printed()


def stop_agents(world):
    for machine in world.machines:
        with machine.agent_lock:
            machine.till.agent = machine.agent
            machine.till.stop_agent()
            machine.agent, machine.stopped = None, True


def judge(world, storm, samples):
    """First as it is, with the clones' branches aside; then with all of them counted."""
    from fault_verdict import Verdict
    verdict = Verdict(world, storm)
    verdict.figures["drained in s"] = round(verdict.drain(240), 1)
    verdict.read_ledger()
    fold = verdict.fold(verdict.entries.values())
    verdict.check_nothing_lost()
    verdict.check_receipts_once(fold)
    verdict.check_ledger_stock(fold)
    verdict.check_reports(fold)
    verdict.check_money(fold)
    verdict.check_tills(fold, aside=True)
    verdict.check_promises(fold)
    verdict.check_samples(samples)
    verdict.check_exceptions(fold)

    # A till whose history is a branch goes on in an epoch of its own from its next sale.
    verdict.apply_branches()
    everybody(world, one_more_sale)
    verdict.drain(120)
    verdict.read_ledger()
    whole = verdict.fold([*verdict.entries.values(), *verdict.branches.values()])
    verdict.check_ledger_stock(whole)
    verdict.check_reports(whole)
    verdict.check_money(whole)
    verdict.check_promises(whole)
    verdict.promises.check_tills(whole)
    verdict.promises.check_office()
    verdict.check_tills(whole, aside=False)
    verdict.check_nothing_lost()
    verdict.check_exceptions(whole)
    verdict.check_itself(whole)
    stop_agents(world)
    verdict.check_machines()
    verdict.check_network()
    verdict.check_problems()
    verdict.check_rebuild()
    verdict.figures["sales"] = whole.total("sales")
    verdict.figures["returns"] = whole.total("returns")
    return verdict.figures


def test_faults__a_storm_loses_nothing_and_doubles_nothing(folder):
    from fault_storm import Storm
    from fault_world import World, may_mount
    small_disks = may_mount(folder / "may-mount")
    if not small_disks:
        print("SKIPPED full disks: making a small one needs root", flush=True)
    world = World(folder, OPTIONS.seed, OPTIONS.ease, small_disks, OPTIONS.minutes)
    storm, samples, stopping = Storm(world, OPTIONS.seed, OPTIONS.minutes * 60), [], threading.Event()
    try:
        for machine in world.machines:
            machine.start()
        looking = threading.Thread(target=sampler, args=(world, samples, stopping), daemon=True)
        looking.start()
        storm.blow()
        storm.calm()
        stopping.set()
        begun = time.monotonic()
        settle(world, storm)
        settled = time.monotonic()
        figures = judge(world, storm, samples)
        figures["settled in s"] = round(settled - begun)
        figures["judged in s"] = round(time.monotonic() - settled)
        show(world, storm, figures)
    except BaseException:
        show(world, storm, {})
        save_disks(world)
        raise
    finally:
        stopping.set()
        world.close()


def save_disks(world):
    """What is on a small disk goes when it is unmounted: kept for whoever looks why."""
    for process in [world.ledger.process, *(machine.agent for machine in world.machines)]:
        if process and process.poll() is None:
            process.kill()
    for disk in world.disks:
        disk.free()
        subprocess.run(["cp", "-a", disk.path, disk.path + ".kept"], check=False)


def show(world, storm, figures):
    print(f"        {world.engine()}, seed {world.seed}: "
          f"{', '.join(f'{count} {what}' for what, count in sorted(storm.counts.items()))}")
    network = world.proxy.counts
    print(f"        network: {', '.join(f'{count} {what}' for what, count in sorted(network.items()) if not what.startswith('weather'))}")
    print(f"        then: {', '.join(f'{what} {figure}' for what, figure in figures.items())}", flush=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30 if FULL else 3)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--ease", type=float, default=1.0)
    parser.add_argument("--db", choices=("sqlite", "postgres"))
    found, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    return found


def main():
    if OPTIONS.db == "sqlite":
        harness.ENGINE = "sqlite"
    if OPTIONS.db != "postgres":
        run(globals())
    cluster = f"/tmp/holdfast-faults-{os.getpid()}"
    postgres = os.path.join(ROOT, "packaging/postgres")
    started = subprocess.run([postgres, "start", cluster, "--fsync"], check=True, capture_output=True,
                             text=True)
    os.environ["HOLDFAST_TEST_CLUSTER"] = cluster
    harness.ENGINE = started.stdout.strip()
    try:
        run(globals())
    finally:
        subprocess.run([postgres, "remove", cluster], check=False)


OPTIONS = options()

if __name__ == "__main__":
    main()
