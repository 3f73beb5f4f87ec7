"""Gift cards, leases and orders after the storm, against the fold of the entries.

    account   balance = what was loaded - what was spent: no value lost, none made
    lease     granted >= spent + returned, or exactly one exception says so; what is left of all
              leases on a card is on the card; the till that holds one knows what is left of it
    order     its state is its furthest mark; given away twice: exactly one exception; what head
              office was told is placed, or cancelled, is

What was promised between the backup and the restore of the ledger is forgotten by it. Its holder
asks for it again: granted, it bears what was used of it, and an exception that told of that before
is settled by the ledger. Refused, because somebody else was promised it meanwhile, and used all the
same, it is an exception.
"""
import collections
import json
import subprocess

from fold import demand
from harness import program, wait_until

STATES = ("returned", "handed_over", "refused", "cancelled", "staged", "picked")


class Promises:
    def __init__(self, world, storm):
        self.world, self.storm = world, storm

    def read(self):
        rows = self.world.ledger.rows
        self.leases = {lease: dict(device=device, account=(subject, currency), granted=granted,
                                   closed=closed)
                       for lease, device, subject, currency, granted, closed in rows(
                           "SELECT lease, device, subject, currency, granted, closed FROM lease")}
        self.orders = {(channel, number): dict(location=location, cancelled=cancelled > 0,
                                               lines=json.loads(body)["lines"])
                       for channel, number, location, body, cancelled in rows(
                           "SELECT channel, id, location, body, cancelled_ms FROM order_request")}
        self.causes = collections.defaultdict(collections.Counter)
        for kind, cause in rows("SELECT kind, cause FROM exception WHERE NOT (state = 'settled' AND "
                                "kind = 'lease_overspent' AND note LIKE 'granted again%')"):
            self.causes[kind][cause.removeprefix(f"{kind}/")] += 1

    def add_orders(self, fold):
        for order in self.orders.values():
            fold.order(order["location"], order["lines"], order["cancelled"])

    # ---- gift cards

    def overspent(self, fold):
        found = set()
        for lease in {*self.leases, *(one for one, _ in (*fold.spent, *fold.returned))}:
            row = self.leases.get(lease, {"device": "", "granted": 0})
            used, foreign = fold.used(lease, row["device"])
            if used > row["granted"] or foreign:
                found.add(lease)
        return found

    def check_value(self, fold):
        rows = self.world.ledger.rows
        balances = {(account, currency): minor for account, currency, minor in rows(
            "SELECT account, currency, balance_minor FROM account")}
        same("balances", balances, fold.accounts)
        same("what was used of leases",
             {(lease, device): (spent, returned) for lease, device, spent, returned in rows(
                 "SELECT lease, device, spent, returned FROM lease_use") if spent or returned},
             {key: (fold.spent[key], fold.returned[key]) for key in {*fold.spent, *fold.returned}
              if fold.spent[key] or fold.returned[key]})
        over = self.overspent(fold)
        forked = {device_of(self.world.machines[number]) for number in (3, 6)}
        for lease in over & {*self.leases}:
            demand(self.leases[lease]["device"] in forked, lease, "used twice by one that can't")
        same("exceptions of leases", self.causes["lease_overspent"], dict.fromkeys(over, 1))
        spoiled = {fold.lease_accounts.get(lease) or self.leases[lease]["account"] for lease in over
                   if lease in fold.lease_accounts or lease in self.leases}
        self.check_overdrawn(fold, spoiled)
        promised = collections.Counter()
        for lease, row in self.leases.items():
            left = row["granted"] - fold.used(lease, row["device"])[0]
            demand(bool(row["closed"]) == (left <= 0), lease, "closed", row, left)
            promised[row["account"]] += max(0, left)
        for account, minor in promised.items():
            demand(account in spoiled or minor <= fold.accounts[account],
                   account, "more is promised than is there", minor, fold.accounts[account])
        return over

    def check_overdrawn(self, fold, spoiled):
        """Told once. One that is not overdrawn may have been while a restored ledger had met what
        was spent, and not yet what was loaded, or a lease was used twice."""
        told = {tuple(cause.split("/")): count for cause, count in self.causes["account"].items()}
        overdrawn = {account for account, minor in fold.accounts.items() if minor < 0}
        demand(overdrawn <= {*told} and set(told.values()) <= {1}, "overdrawn", overdrawn, told)
        demand(overdrawn <= spoiled, "overdrawn, and no lease was used twice", overdrawn - spoiled)

    def check_tills(self, fold):
        """What each till still holds; one that was copied or put back has the ledger's word only
        when it next asks, and is left out."""
        over = self.overspent(fold)
        odd = {self.world.machines[3].name, self.world.machines[6].name, "T07-twin"}
        for machine in self.world.machines:
            if machine.name in odd:
                continue
            device = device_of(machine)
            expected = {}
            for lease, row in self.leases.items():
                left = row["granted"] - fold.used(lease, device)[0]
                if row["device"] == device and left > 0 and lease not in over:
                    expected[lease] = left
            held = {}

            def agreed():
                held.clear()
                held.update(self.held(machine))
                return held == expected
            try:
                wait_until(agreed, 60, f"the leases of {machine.name}")
            except AssertionError:
                same(f"the leases of {machine.name}", held, expected)

    def held(self, machine):
        done = subprocess.run([program("holdfast-teller"), "--data", machine.path, "leases"],
                              capture_output=True, text=True)
        return {lease: int(left) for lease, left in map(str.split, done.stdout.splitlines())
                if int(left) > 0}

    # ---- orders

    def check_orders(self, fold):
        known = {key[:2] for key, count in fold.marks.items() if count}
        there = {(channel, number): state for channel, number, state in self.world.ledger.rows(
            "SELECT channel, id, state FROM pickup_order")}
        same("states of orders", there,
             {key: self.state_of(key, order, fold) for key, order in self.orders.items()})
        same("what tills did with orders", self.counted_marks(),
             {key: count for key, count in fold.marks.items() if count})
        twice = {key for key in known if fold.marks[(*key, "handed_over")] > 1}
        for (channel, number, sku), milli in fold.handed.items():
            order = self.orders.get((channel, number))
            if order and milli > sum(line["quantity_milli"] for line in order["lines"]
                                     if line["sku"] == sku):
                twice.add((channel, number))
        same("exceptions of orders", self.causes["double_pickup"],
             {"/".join(key): 1 for key in twice})
        odd = {"/".join(key) for key in known - {*self.orders}}
        odd |= {"/".join((*key, "freed")) for key in known if self.freed_and_used(key, fold)}
        same("orders that went an odd way", self.causes["order"], dict.fromkeys(odd, 1))

    def counted_marks(self):
        marks = ("picked", "staged", "handed_over", "refused", "returned")
        return {(channel, number, mark): count for channel, number, *counts in self.world.ledger.rows(
                    f"SELECT channel, id, {', '.join(marks)} FROM order_mark")
                for mark, count in zip(marks, counts) if count}

    def freed_and_used(self, key, fold):
        """Its goods were made available again, and then the shop worked with them all the same."""
        picked, staged, handed, refused = (fold.marks[(*key, state)] for state in
                                           ("picked", "staged", "handed_over", "refused"))
        if key in self.orders and self.orders[key]["cancelled"]:
            return picked + staged + handed + refused > 0
        return refused > 1 or (refused and handed)

    def state_of(self, key, order, fold):
        for state in STATES:
            if fold.marks[(*key, state)] or (state == "cancelled" and order["cancelled"]):
                return state
        return "placed"

    def check_office(self):
        """What head office was told holds, but for what a restored ledger can't know."""
        for key, order in self.storm.office.placed.items():
            if not self.storm.office.forgotten(order["asked"], order["told"]):
                demand(key in self.orders, key, "an order that was taken is gone")
        for key, (asked, told) in self.storm.office.cancelled.items():
            if not self.storm.office.forgotten(asked, told) and key in self.orders:
                demand(self.orders[key]["cancelled"], key, "a cancelled order came back")


def device_of(machine):
    with open(machine.path + "/device.json", encoding="utf-8") as file:
        return json.load(file)["device"]


def same(what, there, expected):
    if there != expected:
        keys = [key for key in {*there, *expected} if there.get(key, 0) != expected.get(key, 0)]
        demand(not keys, f"{what}: {len(keys)} differ",
               [(key, there.get(key, 0), expected.get(key, 0)) for key in sorted(keys)[:8]])
