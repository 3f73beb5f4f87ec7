"""What the entries come to: an independent reading of DESIGN's words, sharing no code with the product.

    entries' bytes ──► chains (dense, linked, signed) ──► stock by bucket, money by location, receipts

`Fold` adds entries in any order; `Chains` judges them by epoch. Nothing here knows SQL.
"""
import collections
import ctypes
import ctypes.util
import hashlib
import json

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
MONEY_KINDS = ("sale",)


class Wrong(AssertionError):
    """The entries themselves break a promise."""


def demand(condition, *what):
    if not condition:
        raise Wrong(*what)


def signature_holds(signature, digest, key):
    return SODIUM.crypto_sign_verify_detached(signature, digest, ctypes.c_ulonglong(len(digest)), key) == 0


class Entry:
    """One entry as stored: bytes, hash, signature."""

    def __init__(self, raw, digest, signature):
        self.raw, self.hash, self.signature = raw, digest, signature
        demand(hashlib.sha256(raw).digest() == digest, "the hash is not of these bytes", raw[:200])
        demand(len(raw) <= 256 * 1024, "an entry is too large")
        self.body = json.loads(raw, parse_float=no_float)
        self.device, self.epoch = self.body["device"], self.body["epoch"]
        self.seq, self.kind = self.body["seq"], self.body["kind"]

    @property
    def place(self):
        return f"{self.device[:6]}/{self.epoch[:6]}/{self.seq}"


def no_float(text):
    raise Wrong("a floating point number in an entry", text)


def check_chain(entries):
    """The entries of one epoch from its first to its last: dense, linked, signed, adding up."""
    previous, key, totals, hlc = None, None, None, 0
    for number, entry in enumerate(sorted(entries, key=lambda one: one.seq), 1):
        body = entry.body
        demand(entry.seq == number, "not dense", entry.place, number)
        if number == 1:
            demand(entry.kind == "epoch_open", entry.place, "does not open its epoch")
            key = bytes.fromhex(body["epoch_key"])
            parent = body["parent"]
            demand(body["prev"] == (parent["hash"] if parent else "0" * 64), entry.place, "parent")
            totals = dict(body["perpetual"])
        else:
            demand(body["prev"] == previous, entry.place, "does not follow the one before")
        demand(signature_holds(entry.signature, entry.hash, key), entry.place, "signature")
        demand(body["hlc"] > hlc, entry.place, "the clock of the journal went back")
        hlc = body["hlc"]
        if entry.kind == "sale":
            check_sale(entry, totals)
        previous = entry.hash.hex()
    return key


def check_sale(entry, totals):
    body = entry.body
    taken = sum(tender["amount"] for tender in body["tenders"] if tender["state"] == "taken")
    demand(body["gross"] == body["net"] + body["tax"], entry.place, "gross")
    demand(body["net"] + body["tax"] + body["rounding"] == taken - body["change"], entry.place, "tenders")
    demand(body["net"] == sum(rate["net"] for rate in body["rates"]), entry.place, "net")
    demand(body["tax"] == sum(rate["tax"] for rate in body["rates"]), entry.place, "tax")
    check_value(entry)
    which = "returns" if body["type"] == "return" else "sales"
    if totals is not None:
        totals[which] += 1
        after = body["perpetual"]
        demand(after[which] == totals[which], entry.place, "perpetual count", after, totals)
        # The sums may count sales and returns by line or by receipt; their difference is the money.
        demand(abs(after["sales_minor"] - totals["sales_minor"]) +
               abs(after["returns_minor"] - totals["returns_minor"]) > 0 or body["gross"] == 0,
               entry.place, "perpetual money stands still")
        totals.update(after)


def check_value(entry):
    """What was paid from gift cards left them, by leases; what was paid for cards is on them."""
    body = entry.body
    changes = body.get("accounts", ())
    paid = sum(tender["amount"] for tender in body["tenders"]
               if tender["type"] == "account" and tender["state"] == "taken")
    left = sum(change["amount"] for change in changes if change["amount"] < 0)
    used = sum(use["amount"] for use in body.get("leases", ()))
    demand(paid == -left == used, entry.place, "value of a gift card", paid, left, used)
    loaded = sum(line["gross"] for line in body["lines"] if line.get("account"))
    demand(loaded == sum(change["amount"] for change in changes if change["amount"] > 0),
           entry.place, "what a gift card was loaded with", loaded)


class Fold:
    def __init__(self):
        self.stock = collections.Counter()    # (location, status, sku) -> milli
        self.gross = collections.Counter()    # (location, currency) -> minor
        self.count = collections.Counter()    # (location, what) -> entries, sales, returns
        self.receipts = collections.Counter()
        self.references = collections.Counter()
        self.kinds = collections.Counter()
        self.money = collections.Counter()    # (location, business date, currency, what) -> minor
        self.accounts = collections.Counter()  # (account, currency) -> minor
        self.spent = collections.Counter()    # (lease, device) -> minor
        self.returned = collections.Counter()
        self.lease_accounts = {}              # lease -> (account, currency) it was spent from
        self.marks = collections.Counter()    # (channel, id, state) -> entries
        self.handed = collections.Counter()   # (channel, id, sku) -> milli
        self.money_words = ("gross", "net", "rounding", "change")

    def opening(self, location, sku, status, milli):
        self.stock[location, status, sku] += milli
        self.stock[location, "@supplier", sku] -= milli

    def add(self, entry, location, sign=1):
        """`location`: of the entry's epoch (its epoch_open tells)."""
        body = entry.body
        self.kinds[entry.kind] += sign
        self.count[location, "entries"] += sign
        for move in body.get("moves", ()):
            demand(move["qty"] > 0, entry.place, "a move of nothing")
            self.move(move["from"], move["sku"], -sign * move["qty"])
            self.move(move["to"], move["sku"], sign * move["qty"])
        if body.get("reference"):
            self.references[body["device"], body["reference"]] += sign
        self.add_promises(body, sign)
        if body.get("receipt"):
            self.receipts[body["receipt"]] += sign
        if entry.kind in MONEY_KINDS:
            self.count[location, "returns" if body["type"] == "return" else "sales"] += sign
            self.gross[location, body["currency"]] += sign * body["gross"]
            self.add_money(body, location, sign)

    def add_promises(self, body, sign):
        """Gift cards, what was used up of leases, and orders that were worked on."""
        for change in body.get("accounts", ()):
            account = change["account"], change["currency"]
            self.accounts[account] += sign * change["amount"]
            if change.get("lease"):
                self.lease_accounts[change["lease"]] = account
        for use in body.get("leases", ()):
            self.spent[use["lease"], body["device"]] += sign * use["amount"]
        if body["kind"] == "lease_return":
            self.returned[body["lease"], body["device"]] += sign * body["amount"]
        if body["kind"].startswith("pickup_"):
            order = body["order"]["channel"], body["order"]["id"]
            self.marks[(*order, body["order"]["state"])] += sign
            for move in body.get("moves", ()):
                if move["to"].endswith("/@customer"):
                    self.handed[(*order, move["sku"])] += sign * move["qty"]

    def used(self, lease, holder):
        """Spent by anybody, given back by who holds it; and whether another one used it."""
        users = {device for one, device in (*self.spent, *self.returned) if one == lease and
                 self.spent[one, device] + self.returned[one, device]}
        spent = sum(self.spent[lease, device] for device in users)
        return spent + self.returned[lease, holder], bool(users - {holder})

    def order(self, location, lines, cancelled):
        """What head office moved by itself: reserved when it was ordered, given back."""
        for line in lines:
            self.move(f"{location}/available", line["sku"], -line["quantity_milli"])
            self.move(f"{location}/reserved", line["sku"], line["quantity_milli"])
            if cancelled:
                self.move(f"{location}/reserved", line["sku"], -line["quantity_milli"])
                self.move(f"{location}/available", line["sku"], line["quantity_milli"])

    def remove(self, entry, location):
        self.add(entry, location, -1)

    def add_money(self, body, location, sign):
        def count(what, minor):
            self.money[location, body["business_date"], body["currency"], what] += sign * minor
        for what in self.money_words:
            count(what, body[what])
        for rate in body["rates"]:
            count(f"tax:{rate['code']}", rate["tax"])
        for tender in body["tenders"]:
            if tender["state"] == "taken":
                count(f"tender:{tender['type']}", tender["amount"])

    def move(self, bucket, sku, milli):
        location, status = bucket.split("/", 1)
        self.stock[location, status, sku] += milli

    def nonzero_stock(self):
        return {key: milli for key, milli in self.stock.items() if milli}

    def check_zero_sum(self):
        sums = collections.Counter()
        for (_, _, sku), milli in self.stock.items():
            sums[sku] += milli
        demand(not any(sums.values()), "buckets do not sum to zero")

    def total(self, what):
        return sum(count for (_, key), count in self.count.items() if key == what)
