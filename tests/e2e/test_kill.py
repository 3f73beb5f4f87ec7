#!/usr/bin/env python3
"""The till is killed (SIGKILL) at random while it sells, through its real screens.

After every kill: what was printed is on the journal and no number is used twice; the chain
verifies; the cart that was open is there again, line by line.
"""
import glob
import json
import os
import random
import re
import subprocess
import time

from harness import FULL, Ledger, program, run

KILLS = 500 if FULL else 60
SIGN_IN = "press item person/P03\ndigits 3456\npress button pin-go\nwait screen {}\n"
OPEN_SHIFT = "digits 100\npress pad/do\nwait screen sell\n"
SALE = """scan 9520000011475
scan 9520000010041
press tile tile/PAN-001
press button pay
press button cash/0
wait screen change
press button next-sale
"""


def shop(folder):
    ledger = Ledger(folder).start()
    ledger.admin("load", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../assets/demo"))
    till = ledger.enroll(folder)
    till.sync()
    ledger.stop()
    till.play(SIGN_IN.format("shift-open") + OPEN_SHIFT)
    return till


def receipts_on_journal(till):
    numbers = [entry["receipt"] for entry in
               (json.loads(body) for (body,) in till.rows("SELECT bytes FROM entry"))
               if entry["kind"] == "sale"]
    assert len(numbers) == len(set(numbers)), "a number was used twice"
    return set(numbers)


def printed_receipts(till):
    names = (os.path.basename(path) for path in glob.glob(till.path + "/receipts/*.escpos"))
    return {match.group(0) for match in (re.match(r"T01-[0-9A-Z]{3}-\d{6}", name) for name in names)
            if match}


def start(till, script, *arguments):
    return subprocess.Popen([program("holdfast"), "--data", till.path, "--headless", "--script", script,
                             *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_kill__nothing_printed_is_lost_and_no_number_is_used_twice(folder):
    till = shop(folder)
    script = folder / "selling.script"
    with open(script, "w") as file:
        # A cart that a kill left open is paid first.
        file.write(SIGN_IN.format("sell") + SALE * 300)
    sold_before = 0
    # Kills fall anywhere in twice the time that one sign-in and one sale take here and now.
    begun = time.monotonic()
    till.play(SIGN_IN.format("sell") + SALE)
    latest = min(max(2 * (time.monotonic() - begun), 0.8), 5)
    for number in range(KILLS):
        process = start(till, script)
        time.sleep(random.uniform(0.1, latest))
        process.kill()
        _, problem = process.communicate()
        assert process.returncode == -9, (process.returncode, problem.decode()[-400:])
        journal = receipts_on_journal(till)
        printed = printed_receipts(till)
        assert printed <= journal, ("printed, not on the journal", printed - journal)
        assert len(journal) >= sold_before
        sold_before = len(journal)
        if number % 25 == 24:
            verified = till.json("verify")
            assert verified["ok"], verified
    assert sold_before > KILLS, f"the till hardly sold between kills: {sold_before}"
    # What was sold faster than it was printed comes out now; one run waits at most a minute.
    for _ in range(12):
        if till.play(SIGN_IN.format("sell") + "wait printed\n", check=False).returncode == 0:
            break
    assert printed_receipts(till) == receipts_on_journal(till), "a receipt never came"
    verified = till.json("verify")
    assert verified["ok"], verified
    print(f"        {KILLS} kills, {sold_before} sales, each printed")


def test_kill__the_open_cart_returns(folder):
    till = shop(folder)
    rounds = 40 if FULL else 10
    for number in range(rounds):
        script = folder / "cart.script"
        lines = random.randint(1, 12)
        with open(script, "w") as file:
            file.write(SIGN_IN.format("sell") + "scan 9520000011475\n" * lines +
                       f"shot cart-{number}\nwait text \"never shown\"\n")
        process = start(till, script, "--shots", folder.path)
        picture = folder / f"cart-{number}.png"
        end = time.monotonic() + 60
        while not os.path.exists(picture):
            assert time.monotonic() < end and process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.005)
        process.kill()
        process.communicate()
        total = 550 * lines
        till.play(SIGN_IN.format("sell") +
                  f'expect total "£{total // 100:,}.{total % 100:02}"\n' +
                  "press button pay\npress button cash/0\nwait screen change\npress button next-sale\n")
    assert len(receipts_on_journal(till)) == rounds
    assert till.json("verify")["ok"]


if __name__ == "__main__":
    run(globals())
