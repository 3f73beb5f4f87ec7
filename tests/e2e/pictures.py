"""Pictures as rows of RGB bytes: a PNG file, and what an Xvfb shows at this moment."""
import os
import struct
import subprocess
import zlib


def paeth(left, up, corner):
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    return (left, up, corner)[distances.index(min(distances))]


def unfilter(kind, row, above, step):
    """One PNG row without its filter; `step` bytes are a pixel."""
    if kind == 0:
        return row
    if kind == 2:
        return bytearray((a + b) & 255 for a, b in zip(row, above))
    for i in range(len(row)):
        left = row[i - step] if i >= step else 0
        if kind == 1:
            row[i] = (row[i] + left) & 255
        elif kind == 3:
            row[i] = (row[i] + (left + above[i]) // 2) & 255
        else:
            corner = above[i - step] if i >= step else 0
            row[i] = (row[i] + paeth(left, above[i], corner)) & 255
    return row


def read_png(path):
    """The rows of an 8-bit RGB or RGBA picture that is not interlaced, as RGB."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">2I5B", data[at + 8:at + 21])
            assert depth == 8 and colour in (2, 6) and not interlaced, (path, depth, colour)
        elif kind == b"IDAT":
            body += data[at + 8:at + 8 + size]
        at += 12 + size
    step = 3 if colour == 2 else 4
    flat, stride = zlib.decompress(body), width * step + 1
    rows, above = [], bytearray(width * step)
    for y in range(height):
        line = bytearray(flat[y * stride + 1:(y + 1) * stride])
        above = unfilter(flat[y * stride], line, above, step)
        rows.append(rgb(above, (0, 1, 2), step))
    return rows


def rgb(row, order, step):
    out = bytearray(len(row) // step * 3)
    for channel, source in enumerate(order):
        out[channel::3] = row[source::step]
    return bytes(out)


class Display:
    """An Xvfb of one screen, without a cursor, whose frame buffer is a file that can be read."""

    def __init__(self, folder, width, height):
        self.frame = os.path.join(folder, "Xvfb_screen0")
        read, write = os.pipe()
        self.log = open(os.path.join(folder, "xvfb.log"), "ab")
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-fbdir", folder,
             "-nocursor"], pass_fds=[write], stdout=self.log, stderr=self.log)
        os.close(write)
        with os.fdopen(read) as number:
            self.name = ":" + number.readline().strip()
        assert self.name != ":", f"Xvfb did not start: {open(self.log.name).read()[-500:]}"

    def rows(self):
        """What is on the screen, from the XWD file that Xvfb draws into."""
        data = open(self.frame, "rb").read()
        head = struct.unpack(">25I", data[:100])
        header, width, height, order, bits, line, colours = (head[i] for i in (0, 4, 5, 7, 11, 12, 19))
        assert bits == 32, bits
        first = header + colours * 12
        channels = (1, 2, 3) if order else (2, 1, 0)
        return [rgb(data[first + y * line:first + y * line + width * 4], channels, 4) for y in range(height)]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
