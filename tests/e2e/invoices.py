"""The independent model of the invoices: what 1,893 real ones must come to, from the CSV alone."""
import collections
import csv
from decimal import Decimal


class Invoices:
    def __init__(self, path):
        self.gross_minor = 0
        # Units out of stock, per code. A sale takes its quantity out, a return (negative) brings it
        # back; an adjustment of -19 units means that 19 are gone.
        self.sold = collections.Counter()
        self.kinds = collections.Counter()
        self.names = {}
        self.prices = {}
        self.first_lines = {}
        invoices = {}
        with open(path, encoding="latin-1", newline="") as file:
            for row in csv.DictReader(file):
                code, quantity = row["StockCode"], int(row["Quantity"])
                price = int(Decimal(row["UnitPrice"]) * 100)
                number = row["InvoiceNo"]
                kind = "return" if number.startswith("C") else "adjust" if quantity < 0 else "sale"
                invoices.setdefault(number, kind)
                self.gross_minor += quantity * price if kind != "adjust" else 0
                self.sold[code] += -quantity if kind == "adjust" else quantity
                name = " ".join(row["Description"].split())
                if name and name.isascii():
                    self.names.setdefault(code, name)
                self.prices.setdefault(code, row["UnitPrice"])
                self.first_lines.setdefault(number, row)
        self.kinds.update(invoices.values())
        self.count = len(invoices)

    def write_catalogue(self, path):
        """The products these invoices sell, as a TSV for import."""
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write("sku\tname\tprice\n")
            for code in self.sold:
                file.write(f"{code}\t{self.names.get(code, 'Item ' + code)}\t{self.prices[code]}\n")
