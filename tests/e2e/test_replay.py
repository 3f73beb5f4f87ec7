#!/usr/bin/env python3
"""Real invoices rung up offline, synced under fire, and every figure checked against the CSV.

The agent is killed (SIGKILL) at random, at least 200 times, while the journal is sent and the
stock comes back. During all of it the till's own figure stays right, and so does the ledger's sum
of what it knows.
"""
import random
import time

from harness import Ledger, SEED, data_file, run, wait_until
from invoices import Invoices

KILLS = 200
ENTRIES = 1893 + 1  # every invoice, and the opening of the epoch


def prepared_till(folder, invoices):
    ledger = Ledger(folder).start()
    ledger.add_location()
    invoices.write_catalogue(folder / "catalogue.tsv")
    done = ledger.json("import", folder / "catalogue.tsv", "--stock", "S01=100")
    assert (done["rows"], done["imported"], done["rejected"]) == (2783, 2783, 0), done
    till = ledger.enroll(folder)
    till.sync()
    return ledger, till


def check_till_stock(till, invoices, codes):
    for code in codes:
        stock = till.json("stock", code)
        assert stock["on_hand"] == 100 - invoices.sold[code], (code, stock)
        assert stock["confirmed"] + stock["pending"] == stock["on_hand"], stock


def check_ledger(ledger, invoices, codes):
    totals = ledger.json("totals")
    assert totals["gross_minor"] == {"GBP": invoices.gross_minor}, totals
    assert totals["sales"] == invoices.kinds["sale"] and totals["returns"] == invoices.kinds["return"]
    for code in codes:
        stock = ledger.json("stock", code)["locations"]["S01"]
        assert stock["available"] == 100 - invoices.sold[code], (code, stock)


def test_replay__every_figure_equals_the_csv_though_the_agent_is_killed(folder):
    source = data_file("online_retail_2010_12.csv")
    invoices = Invoices(source)
    assert invoices.gross_minor == 68_152_861 and invoices.count == 1893
    ledger, till = prepared_till(folder, invoices)
    ledger.stop()

    done = till.json("replay", source)
    assert done["invoices"] == 1893 and done["lines"] == 39529 and not done["skipped"], done
    assert done["gross_minor"] == invoices.gross_minor, done
    assert (done["sales"], done["returns"], done["adjusts"]) == (1525, 299, 69), done
    again = till.json("replay", source)
    assert again["sales"] == again["returns"] == again["adjusts"] == 0, again
    codes = sorted(invoices.sold)
    sample = random.sample(codes, 40)
    check_till_stock(till, invoices, sample)
    verified = till.json("verify")
    assert verified["ok"] and verified["entries"] == ENTRIES, verified

    ledger.start()
    # Lives so short that most end inside a request, so that the journal drains over many of them.
    drained_after = None
    for kills in range(1, KILLS + 1):
        till.start_agent()
        time.sleep(random.uniform(0.0, 0.06 if drained_after is None else 0.2))
        till.kill_agent()
        if kills % 10 == 0:
            check_till_stock(till, invoices, random.sample(codes, 2))
            entries = ledger.json("totals")["entries"]
            assert entries <= ENTRIES, "an entry was taken twice"
            if entries == ENTRIES and drained_after is None:
                drained_after = kills
    till.sync()
    print(f"        {KILLS} kills, {drained_after or 'all'} of them before everything was sent")

    check_ledger(ledger, invoices, codes if len(codes) < 50 else random.sample(codes, 150))
    for code in sample:
        stock = till.json("stock", code)
        assert stock["pending"] == 0 and stock["on_hand"] == 100 - invoices.sold[code], stock
    everything = till.rows(
        "SELECT sku, quantity_milli FROM stock WHERE location = 'S01' AND status = 'available'",
        name=open(till.path + "/replica.current").read().strip())
    assert {sku: milli for sku, milli in everything} == \
        {code: (100 - units) * 1000 for code, units in invoices.sold.items()}
    ledger.stop()


def test_replay__resumes_where_it_was_killed(folder):
    source = data_file("online_retail_2010_12.csv")
    invoices = Invoices(source)
    ledger, till = prepared_till(folder, invoices)
    import subprocess
    from harness import program
    begun = False
    for _ in range(12):
        replay = subprocess.Popen([program("holdfast-admin"), "--data", till.path, "replay", source],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.05, 0.6))
        replay.kill()
        replay.wait()
        verified = till.admin("verify", check=False)
        if not begun and "there is no journal yet" in verified.stderr:
            continue  # killed before its first entry
        begun = True
        assert verified.returncode == 0, verified.stdout + verified.stderr
    till.admin("replay", source)
    assert till.json("verify")["entries"] == ENTRIES
    till.sync()
    check_ledger(ledger, invoices, random.sample(sorted(invoices.sold), 20))
    ledger.stop()


if __name__ == "__main__":
    run(globals())
