"""After the storm: everything has drained, and what is there is compared with the independent fold."""
import collections
import json
import time

from fault_promises import Promises
from fault_world import reference_rows
from fold import Entry, Fold, check_chain
from harness import wait_until

PHYSICAL = ("available", "reserved", "staged", "in_transit", "hold", "damaged")
ON_HAND = ("available", "reserved", "staged", "hold", "damaged")
LEDGER_ENTRIES = ("SELECT e.id AS id, e.bytes AS bytes, e.hash AS hash, e.signature AS signature, "
                  "p.epoch AS epoch, p.location AS location FROM entry e JOIN epoch p "
                  "ON p.number = e.id / 4294967296 ORDER BY e.id")
BRANCH_ENTRIES = ("SELECT b.bytes AS bytes, b.hash AS hash, b.signature AS signature, "
                  "b.start AS start_, b.seq AS seq, p.epoch AS epoch, p.location AS location "
                  "FROM branch b JOIN epoch p ON p.number = b.epoch ORDER BY b.epoch, b.start, b.seq")


class Sample:
    """What a till's replica said at one instant: its stock, and up to where it counted."""

    def __init__(self, machine):
        self.machine = machine
        ((self.incarnation,),), self.stock, self.marks = machine.replica_rows(
            "SELECT value FROM meta WHERE key = 'incarnation'",
            f"SELECT sku, status, quantity_milli FROM stock WHERE location = '{machine.location}'",
            f"SELECT device, epoch, seq FROM watermark WHERE location = '{machine.location}'")


class Verdict:
    def __init__(self, world, storm):
        self.world, self.storm = world, storm
        self.entries = {}     # hash -> Entry, of the ledger's chains
        self.locations = {}   # epoch -> location
        self.branches = {}    # hash -> Entry
        self.figures = {}
        self.promises = Promises(world, storm)

    # ---- draining

    def drain(self, seconds):
        """Until the ledger has every entry of every till, and every till has all of the ledger."""
        start = time.monotonic()
        missing = []

        def drained():
            self.storm.look_after(time.monotonic())
            missing[:] = self.behind()
            return not missing
        try:
            wait_until(drained, seconds, "everything to drain")
        except AssertionError as error:
            raise AssertionError(f"{error}: {missing}") from None
        return time.monotonic() - start

    def behind(self):
        time.sleep(0.5)
        known = {digest for (digest,) in self.world.ledger.rows(
            "SELECT hash FROM entry UNION ALL SELECT hash FROM branch")}
        late = []
        for machine in self.world.machines:
            left = sum(digest not in known for _, digest, _ in machine.entries())
            if left:
                late.append(f"{machine.name}: {left} entries to send")
        if late:
            return late
        feed = dict(self.world.ledger.rows("SELECT scope, position FROM feed"))
        for machine in self.world.machines:
            try:
                (cursors,) = machine.replica_rows("SELECT scope, position FROM cursor")
            except Exception as problem:  # the replica is being swapped: look again
                return [f"{machine.name}: {problem}"]
            for scope, position in cursors:
                if position < feed.get(scope, 0):
                    late.append(f"{machine.name}: {scope} at {position} of {feed[scope]}")
        return late

    # ---- reading

    def read_ledger(self):
        chains = collections.defaultdict(list)
        self.entries, self.branches = {}, {}
        for _, raw, digest, signature, epoch, location in self.world.ledger.rows(LEDGER_ENTRIES):
            assert raw is not None, "a damaged entry"
            entry = Entry(raw, digest, signature)
            assert digest not in self.entries
            assert entry.epoch == epoch.hex(), (entry.place, epoch.hex())
            self.entries[digest] = entry
            self.locations[entry.epoch] = location
            chains[entry.epoch].append(entry)
        for entries in chains.values():
            check_chain(entries)
        for raw, digest, signature, _, _, epoch, location in self.world.ledger.rows(BRANCH_ENTRIES):
            entry = Entry(raw, digest, signature)
            assert entry.epoch == epoch.hex()
            self.branches[digest] = entry
            self.locations.setdefault(entry.epoch, location)
        self.promises.read()
        self.figures.update(entries=len(self.entries), branch_entries=len(self.branches),
                            epochs=len(chains))

    def fold(self, entries):
        fold = Fold()
        for row in reference_rows("stock"):
            if row["quantity_milli"]:
                fold.opening(row["location"], row["sku"], row["status"], row["quantity_milli"])
        for entry in entries:
            fold.add(entry, self.locations[entry.epoch])
        self.promises.add_orders(fold)
        fold.check_zero_sum()
        return fold

    # ---- judging

    def check_nothing_lost(self):
        """Every entry of every disk is at the ledger, as the very same bytes, once."""
        for machine in self.world.machines:
            receipts, references, screens = set(), set(), 0
            kinds = collections.Counter()
            for raw, digest, signature in machine.entries():
                there = self.entries.get(digest) or self.branches.get(digest)
                assert there, f"{machine.name}: an entry is not at the ledger: {raw[:300]}"
                assert there.raw == raw and there.signature == signature
                body = json.loads(raw)
                kinds[body["kind"]] += 1
                if body["kind"] == "sale":
                    receipts.add(body["receipt"])
                    references.add(body["reference"])
                    screens += body["reference"] == ""
            lost = [json.loads(raw) for raw in self.storm.lost.values()]
            lost = [body for body in lost if body["kind"] == "sale"]
            here = machine is getattr(self.storm, "old_machine", None)
            kept = {entry.body.get("receipt") for entry in
                    (*self.entries.values(), *self.branches.values())}
            told = {entry.body.get("reference") for entry in
                    (*self.entries.values(), *self.branches.values())}
            if here:
                receipts |= kept | {body["receipt"] for body in lost}
                references |= told | {body["reference"] for body in lost}
            assert machine.printed <= receipts, (machine.name, "printed, then lost",
                                                 sorted(machine.printed - receipts)[:5])
            assert machine.told_references <= references, (
                machine.name, "said to be done, then lost",
                sorted(machine.told_references - references)[:5])
            if not here:
                assert screens >= machine.sold_notes, (machine.name, screens, machine.sold_notes)
                assert kinds >= machine.told_kinds, (machine.name, kinds, machine.told_kinds)
        for digest, why in self.storm.required.items():
            assert digest in self.entries or digest in self.branches, why
        self.figures["printed"] = sum(len(machine.printed) for machine in self.world.machines)

    def check_receipts_once(self, fold):
        twice = {number for number, count in fold.receipts.items() if count > 1}
        assert not twice, ("receipt numbers used twice", sorted(twice)[:5])
        again = {key for key, count in fold.references.items() if count > 1 and
                 key[1].startswith("csv:")}
        assert not again, ("an invoice was rung up twice", sorted(again)[:5])

    def check_ledger_stock(self, fold):
        there = {(location, status, sku): milli for location, status, sku, milli in
                 self.world.ledger.rows("SELECT location, status, sku, quantity_milli FROM stock")
                 if milli}
        compare("the ledger's stock", there, fold.nonzero_stock())

    def check_reports(self, fold):
        totals = self.world.ledger.json("totals")
        for what in ("entries", "sales", "returns"):
            assert totals[what] == fold.total(what), (what, totals[what], fold.total(what))
        for location, figures in totals["locations"].items():
            for what in ("entries", "sales", "returns"):
                assert figures[what] == fold.count[location, what], (location, what, figures)
            compare(f"gross of {location}", figures["gross_minor"],
                    {currency: minor for (place, currency), minor in fold.gross.items()
                     if place == location and (minor or currency in figures["gross_minor"])})
        for sku, _, _ in self.world.items:
            status, report = self.world.ledger.ask(f"/v1/admin/stock?sku={sku}", timeout=60)
            assert status == 200, (sku, status, report)
            for location, statuses in report["locations"].items():
                for status, units in statuses.items():
                    expected = fold.stock[location, status, sku]
                    assert decimal_milli(units) == expected, (sku, location, status, units, expected)

    def check_tills(self, fold, aside):
        """Every replica is the ledger's very rows; on hand, as the till itself says it, is the fold.
        `aside`: branches wait for a decision."""
        for machine in self.world.machines:
            (stock,) = machine.replica_rows("SELECT location, status, sku, quantity_milli FROM stock")
            there = {(location, status, sku): milli for location, status, sku, milli in stock if milli}
            expected = {key: milli for key, milli in fold.nonzero_stock().items()
                        if key[0] == machine.location and key[1] in PHYSICAL}
            compare(f"the stock of {machine.name}", there, expected)
            for table, columns in (("item", "sku, name, state"),
                                   ("price", "list, sku, pack, valid_from, price_scaled")):
                (mine,) = machine.replica_rows(f"SELECT {columns} FROM {table}")
                theirs = self.world.ledger.rows(f"SELECT {columns} FROM {table}")
                assert set(mine) == set(theirs), (machine.name, table, set(mine) ^ set(theirs))
            for table in ("pickup_order", "pickup_line"):
                (mine,) = machine.replica_rows(f"SELECT * FROM {table}")
                theirs = self.world.ledger.rows(
                    f"SELECT * FROM {table} WHERE location = '{machine.location}'")
                assert set(mine) == set(theirs), (machine.name, table, set(mine) ^ set(theirs))
            own = self.branch_moves(machine) if aside else {}
            skus = sorted(own) or [sku for sku, _, _ in self.world.items]
            for sku in machine.random.sample(skus, min(4, len(skus))):
                said = machine.till.json("stock", sku)
                confirmed = sum(fold.stock[machine.location, status, sku] for status in ON_HAND)
                pending = own.get(sku, 0)
                assert decimal_milli(said["pending"]) == pending and \
                    decimal_milli(said["on_hand"]) == confirmed + pending, (
                        machine.name, sku, said, confirmed, pending)

    def branch_moves(self, machine):
        """What this machine sold that the ledger keeps aside: it is pending here, and only here."""
        moves = collections.Counter()
        for _, digest, _ in machine.entries():
            if digest in self.branches:
                for move in self.branches[digest].body.get("moves", ()):
                    for bucket, sign in ((move["from"], -1), (move["to"], 1)):
                        location, status = bucket.split("/", 1)
                        if location == machine.location and status in ON_HAND:
                            moves[move["sku"]] += sign * move["qty"]
        return {sku: milli for sku, milli in moves.items() if milli}

    def apply_branches(self):
        """A person decides: what the clones sold counts too. Deciding twice changes nothing."""
        for _ in range(2):
            for (number,) in self.world.ledger.rows("SELECT id FROM exception WHERE kind = 'fork'"):
                self.world.ledger.admin("exception", "apply", str(number))

    def check_money(self, fold):
        """The money of each business date, as head office is told it."""
        rows = 0
        for location in sorted({place for place, _ in fold.count}):
            told = self.world.ledger.json("report", "money", "--location", location)
            there = {}
            for day in told["business_dates"]:
                for currency, figures in day.items():
                    for what, figure in figures.items() if currency != "date" else ():
                        if what in fold.money_words or what.split(":")[0] in ("tax", "tender"):
                            there[day["date"], currency, what] = figure["minor"]
            rows += len(there)
            compare(f"the money of {location}", {key: minor for key, minor in there.items() if minor},
                    {(date, currency, what): minor for (place, date, currency, what), minor in
                     fold.money.items() if place == location and minor})
        self.figures["figures of money"] = rows

    def check_samples(self, samples):
        """At every instant a replica was exactly the fold of what its watermark says."""
        openings = collections.defaultdict(dict)
        for row in reference_rows("stock"):
            openings[row["location"]][row["sku"], row["status"]] = row["quantity_milli"]
        by_epoch = collections.defaultdict(list)
        for entry in self.entries.values():
            by_epoch[entry.device, entry.epoch].append(entry)
        (((self.incarnation,),),) = samples[-1].machine.replica_rows(
            "SELECT value FROM meta WHERE key = 'incarnation'")
        checked = 0
        for sample in samples:
            location = sample.machine.location
            stock = collections.Counter(openings[location])
            whole = True
            for device, epoch, seq in sample.marks:
                entries = by_epoch[as_hex(device), as_hex(epoch)]
                if seq >= self.other_history(sample, as_hex(epoch)):
                    whole = False
                    break
                assert len(entries) >= seq, (
                    f"{sample.machine.name} knew {seq} entries of an epoch with {len(entries)}")
                for entry in entries:
                    if entry.seq <= seq:
                        for move in entry.body.get("moves", ()):
                            for bucket, sign in ((move["from"], -1), (move["to"], 1)):
                                place, status = bucket.split("/", 1)
                                if place == location and status in PHYSICAL:
                                    stock[move["sku"], status] += sign * move["qty"]
            if whole:
                checked += 1
                compare(f"a sample of {sample.machine.name}",
                        self.beside_orders({(sku, status): milli
                                            for sku, status, milli in sample.stock}),
                        self.beside_orders(stock))
        self.figures["replica samples"] = checked

    def beside_orders(self, stock):
        """Of what is ordered, available and reserved together: head office moves between them, which
        no entry and no watermark tells."""
        ordered, sums = self.storm.office.skus, collections.Counter()
        for (sku, status), milli in stock.items():
            sums[sku, "available" if status == "reserved" and sku in ordered else status] += milli
        return {key: milli for key, milli in sums.items() if milli}

    def other_history(self, sample, epoch):
        """From which entry on a sample may have counted another history than the ledger has now:
        what only a lost disk held, or a fork whose sides a restored ledger met the other way round."""
        places = [entry["seq"] for entry in map(json.loads, self.storm.lost.values())
                  if entry["epoch"] == epoch]
        if sample.incarnation != self.incarnation:
            places += [entry.seq for entry in self.branches.values() if entry.epoch == epoch]
        return min(places, default=1 << 62)

    def check_promises(self, fold):
        self.promises.check_value(fold)
        self.promises.check_orders(fold)
        self.figures["leases"] = len(self.promises.leases)
        self.figures["value spent by leases"] = sum(fold.spent.values())
        self.figures["given back"] = sum(fold.returned.values())
        self.figures["orders"] = len(self.promises.orders)
        self.figures["handed over"] = sum(count for key, count in fold.marks.items()
                                          if key[2] == "handed_over")

    def check_exceptions(self, fold):
        allowed = {"fork", "restored", "gap", "lease_overspent", "double_pickup", "order",
                   "account"}
        for location, status, sku, milli in ((*key, milli) for key, milli in fold.stock.items()):
            if milli < 0 and status in PHYSICAL:
                allowed |= {"negative_stock", "oversell"}
        found = collections.Counter(kind for (kind,) in
                                    self.world.ledger.rows("SELECT kind FROM exception"))
        self.figures["exceptions"] = dict(found)
        assert set(found) <= allowed, found

    def check_machines(self):
        for machine in self.world.machines:
            verified = machine.till.json("verify", check=False)
            assert verified["ok"], (machine.name, verified)

    def check_network(self):
        assert not self.world.proxy.taken_twice, ("the same bytes were taken twice",
                                                  self.world.proxy.taken_twice[:5])

    def check_problems(self):
        """Programs that gave up by themselves: only for a full disk, or without a database."""
        problems = [text for machine in self.world.machines for when, text in machine.problems
                    if not self.storm.excused(when)]
        ends = [end for end in self.storm.ledger_ends if not self.storm.excused(end[0])]
        self.figures["gave up with cause"] = sum(
            len(machine.problems) for machine in self.world.machines) - len(problems)
        assert not problems and not ends, "\n".join(map(str, problems + ends))

    def check_itself(self, fold):
        """Each of the checks above can fail: the same world with one thing wrong in it."""
        machine = next(one for one in self.world.machines if one.printed)
        some_of = {what: entry for what in ("moves", "accounts", "leases", "order")
                   for entry in self.entries.values() if entry.body.get(what)}
        some = some_of["moves"]

        def forget():
            del self.entries[some.hash]
            return lambda: self.entries.update({some.hash: some})

        def double(target, what="moves"):
            entry = some_of[what]
            target.add(entry, self.locations[entry.epoch])
            return lambda: target.remove(entry, self.locations[entry.epoch])

        def imagine():
            machine.printed.add("T00-XXX-000001")
            return lambda: machine.printed.discard("T00-XXX-000001")

        for spoil, check in ((forget, self.check_nothing_lost), (imagine, self.check_nothing_lost),
                             (lambda: double(fold), lambda: self.check_ledger_stock(fold)),
                             (lambda: double(fold), lambda: self.check_reports(fold)),
                             (lambda: double(fold), lambda: self.check_receipts_once(fold)),
                             (lambda: double(fold), lambda: self.check_money(fold)),
                             *((lambda what=what: double(fold, what),
                                lambda: self.check_promises(fold)) for what in some_of
                               if what != "moves"),
                             (lambda: double(fold), lambda: self.check_tills(fold, False))):
            mend = spoil()
            try:
                check()
            except AssertionError:
                continue
            finally:
                mend()
            raise AssertionError(f"{check} did not find what was wrong")

    def check_rebuild(self):
        self.world.ledger.stop()
        done = self.world.ledger.tool("rebuild", check=False)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]


def as_hex(value):
    return value.hex() if isinstance(value, bytes) else value


def decimal_milli(number):
    text = str(number)
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 1000 + int((part + "000")[:3]))


def compare(what, there, expected):
    if there != expected:
        keys = [key for key in {*there, *expected} if there.get(key, 0) != expected.get(key, 0)]
        assert not keys, (f"{what}: {len(keys)} differ",
                          [(key, there.get(key, 0), expected.get(key, 0)) for key in sorted(keys)[:8]])
