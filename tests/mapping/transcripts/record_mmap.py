"""Records what CPython 3.13's mmap does in seeded random programs; tests/mapping/transcripts replays them.

    python3.13 tests/mapping/transcripts/record_mmap.py tests/mapping/transcripts/mmap-transcripts.txt

Linux with 4 KiB pages only. The same version of Python writes the same file, byte for byte. A fault would kill the
recorder, so an operation that leaves CPython with a mapping that faults is the last of its program (Program.dangerous).

Format: one line per operation, tokens separated by one space. Lines that start with # are comments.

    P KIND SIZE ALPHABET SEED LEN OFFSET ACCESS FLAGS PROT TRACKFD = OUTCOME
        a program and its constructor, which gave ok or !CLASS. KIND is what is mapped: rw ro wo (a file of SIZE bytes,
        opened so), dir, pr pw (the ends of a pipe), zero (/dev/zero), proc (/proc/self/status), mem (a memfd sealed
        against changes of its size), anon. The file's bytes are fill(ALPHABET, SEED, SIZE). ACCESS is D R W C; FLAGS
        are letters of s(hared) p(rivate) a(nonymous) o (populate) n (noreserve); PROT of r w x; - is none of them.
    OP ARGS... = RESULT [@POSITION] [#LENGTH]
        an operation. Position and length follow where they are not what they were; a closed mapping has none. RESULT is
        nothing, an integer, bytes, or !CLASS. Most operations are named as the method; those that are not: get and set
        (an index), slice and set_slice (START STOP STEP, _ for None), in, iter, len. file_size SIZE and write_file
        OFFSET BYTES are what somebody else does to the file.
    E FILE MAP
        the end of a program: what file and mapping hold, - for one that there is not. It is what they held before the
        last operation if that is a dangerous one.

    bytes   'TEXT    with %XX for what is neither a letter nor a digit
            *N:HASH  N bytes, 64-bit FNV-1a in hex (results of more than 16 bytes)
            ~N:SEED  N bytes, fill(ALPHABET, SEED, N) (arguments of more than 16 bytes)
    CLASS   closed, ro, oor, inv, ws, overflow, osERRNO: see CLASSES
"""

import errno
import fcntl
import mmap
import os
import random
import sys
import tempfile

PAGE = 4096
BIG = sys.maxsize
ALPHABETS = [b"ab", b"ab\n", b"a\n", b"\r\nax", b"abcdefgh \n", b"\x00\xff\n~", b"aaaaaaaaaaab"]
SIZES = [1, 2, 5, 17, 40, 100, 300, 700, 1000]
ADVICE = {
    name: getattr(mmap, "MADV_" + name)
    for name in "NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED DONTFORK DOFORK DONTDUMP DODUMP".split()
}
# Advice that the kernel keeps per area: given for a part of a mapping it splits the area, and mremap cannot grow those.
SPLITS = {"NORMAL", "RANDOM", "SEQUENTIAL", "DONTFORK", "DOFORK", "DONTDUMP", "DODUMP"}

# An exception's type, a part of its text, and the class that the transcript names.
CLASSES = [
    (ValueError, "mmap closed or invalid", "closed"),
    (TypeError, "mmap can't modify a readonly memory map.", "ro"),
    (TypeError, "mmap can't resize a readonly or copy-on-write", "ro"),
    (IndexError, "mmap slice assignment is wrong size", "ws"),
    (IndexError, "mmap index out of range", "oor"),
    (ValueError, "seek out of range", "oor"),
    (ValueError, "read byte out of range", "oor"),
    (ValueError, "write byte out of range", "oor"),
    (ValueError, "data out of range", "oor"),
    (ValueError, "source, destination, or count out of range", "oor"),
    (ValueError, "flush values out of range", "oor"),
    (ValueError, "madvise start out of bounds", "oor"),
    (ValueError, "madvise length invalid", "oor"),
    (ValueError, "new size out of range", "oor"),
    (OverflowError, "madvise length too large", "overflow"),
    (ValueError, "slice step cannot be zero", "inv"),
    (ValueError, "mmap can't resize with trackfd=False.", "inv"),
    (ValueError, "mmap can't specify both access and flags, prot.", "inv"),
    (ValueError, "cannot mmap an empty file", "inv"),
    (ValueError, "mmap offset is greater than file size", "inv"),
    (ValueError, "mmap length is greater than file size", "inv"),
]


def classify(error):
    if isinstance(error, OSError):
        return f"os{error.errno}"
    for kind, text, name in CLASSES:
        if type(error) is kind and text in str(error):
            return name
    raise AssertionError(f"no class for {error!r}") from error


def fill(alphabet, seed, length):
    """The same bytes as `fill` of the replay: Knuth's LCG, whose upper bits pick letters."""
    out = bytearray(length)
    state = seed
    letters, count = ALPHABETS[alphabet], len(ALPHABETS[alphabet])
    for i in range(length):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        out[i] = letters[(state >> 33) % count]
    return bytes(out)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def literal(data):
    if len(data) > 16:
        return f"*{len(data)}:{fnv(data):x}"
    return "'" + "".join(chr(b) if chr(b).isascii() and chr(b).isalnum() else f"%{b:02x}" for b in data)


def token(value):
    if value is None:
        return "_"
    if isinstance(value, bool):
        return str(int(value))
    return literal(value) if isinstance(value, bytes) else str(value)


class Source:
    """What a program maps: its descriptor, and another one that sees the file whatever the mapping's may do."""

    def __init__(self, directory, kind, size, alphabet, seed):
        self.size, self.other, self.fds = size, -1, []
        if kind == "anon":
            self.fd = -1
        elif kind in ("rw", "ro", "wo"):
            path = os.path.join(directory, "file")
            self.other = self.keep(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            os.pwrite(self.other, fill(alphabet, seed, size), 0)
            self.fd = self.keep(os.open(path, {"rw": os.O_RDWR, "ro": os.O_RDONLY, "wo": os.O_WRONLY}[kind]))
        elif kind == "mem":
            self.fd = self.other = self.keep(os.memfd_create("oracle", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
            os.pwrite(self.fd, fill(alphabet, seed, size), 0)
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        elif kind == "zero":
            self.fd = self.keep(os.open("/dev/zero", os.O_RDWR))
        elif kind == "proc":
            self.fd = self.keep(os.open("/proc/self/status", os.O_RDONLY))
        elif kind == "dir":
            self.fd = self.keep(os.open(directory, os.O_RDONLY))
        else:
            ends = os.pipe()
            self.fds += ends
            self.fd = ends[kind == "pw"]

    def keep(self, fd):
        self.fds.append(fd)
        return fd

    def contents(self):
        return None if self.other < 0 else os.pread(self.other, os.fstat(self.other).st_size, 0)

    def close(self):
        for fd in self.fds:
            os.close(fd)


class Program:
    def __init__(self, out, directory, rng, kind, size, length, offset, access="D", flags="s", prot="rw", track=True):
        self.out, self.rng, self.kind = out, rng, kind
        self.offset, self.access, self.flags, self.prot, self.track = offset, access, flags, prot, track
        self.alphabet = rng.randrange(len(ALPHABETS))
        seed = rng.randrange(1 << 32)
        self.source = Source(directory, kind, size, self.alphabet, seed)
        self.map, self.position, self.length, self.closed = None, 0, 0, False
        self.split = self.over = False
        self.count = 0
        try:
            self.map = mmap.mmap(
                self.source.fd,
                length,
                flags=sum({"s": mmap.MAP_SHARED, "p": mmap.MAP_PRIVATE, "a": mmap.MAP_ANONYMOUS,
                           "o": mmap.MAP_POPULATE, "n": mmap.MAP_NORESERVE, "-": 0}[c] for c in flags),
                prot=sum({"r": mmap.PROT_READ, "w": mmap.PROT_WRITE, "x": mmap.PROT_EXEC, "-": 0}[c] for c in prot),
                access={"D": mmap.ACCESS_DEFAULT, "R": mmap.ACCESS_READ, "W": mmap.ACCESS_WRITE,
                        "C": mmap.ACCESS_COPY}[access],
                offset=offset,
                trackfd=track,
            )
            outcome = "ok"
            self.length = len(self.map)
        except (ValueError, OSError) as error:
            outcome = "!" + classify(error)
        what = [kind, size, self.alphabet, seed, length, offset, access, flags, prot, int(track)]
        self.out.append(f"P {' '.join(map(str, what))} = {outcome}")

    @property
    def readable(self):
        # On the machines that Linux runs on, memory that can be written can be read: CPython reads it without a fault.
        # A shared mapping of /dev/zero has memory for its length only, counted from offset 0: with an offset it faults.
        return self.prot != "-" and not (self.kind == "zero" and self.offset and self.access != "C")

    @property
    def writes(self):
        return self.access != "R" and "w" in self.prot

    @property
    def resizes(self):
        return self.track and self.writes and self.access != "C"

    @property
    def shares_file(self):
        return self.source.other >= 0 and self.access != "C" and "s" in self.flags

    # --- recording ---

    def run(self, name, call, *args, text=None):
        """Does one operation and records it; `text` are the arguments as the transcript has them."""
        self.count += 1
        try:
            result = call(*args)
            shown = "" if result is None else token(result)
        except (ValueError, TypeError, IndexError, OverflowError, OSError) as error:
            shown = "!" + classify(error)
        words = [name, *(text if text is not None else map(token, args)), f"={shown}"]
        if not self.closed and self.map.closed:
            self.closed = True
        if not self.closed:
            position, length = self.map.tell(), len(self.map)
            if position != self.position:
                words.append(f"@{position}")
            if length != self.length:
                words.append(f"#{length}")
            self.position, self.length = position, length
        self.out.append(" ".join(words))

    def state(self):
        mapped = self.map[:] if self.map is not None and not self.closed and self.readable else None
        return [("-" if part is None else literal(part)) for part in (self.source.contents(), mapped)]

    def dangerous(self, name, call, *args):
        """The last operation of a program: CPython's mapping may fault from here on."""
        state = self.state()
        self.run(name, call, *args)
        self.over = True
        self.end(state)

    def end(self, state=None):
        self.out.append(" ".join(["E", *(state or self.state())]))
        self.over = True
        if self.map is not None:
            self.map.close()
        self.source.close()

    # --- arguments ---

    def index(self):
        """A position that is interesting: near an end, the cursor or a page's border, and now and then far outside."""
        n, p, rng = self.length, self.position, self.rng
        dice = rng.randrange(20)
        if dice < 7:
            return rng.randrange(n + 1) if n else 0
        if dice < 12:
            return rng.choice([0, 0, 1, -1, -2, n, n - 1, n + 1, -n, -n - 1, -n + 1, p, p + 1, p - 1])
        if dice < 14:
            return rng.randrange(-n - 3, n + 4)
        if dice < 16:
            return rng.randrange(n // PAGE + 2) * PAGE + rng.choice([-1, 0, 0, 1])
        if dice < 19:
            return max(0, n - rng.randrange(20))
        return rng.choice([BIG, -BIG - 1, -BIG, BIG - 1, 10**6, -(10**6)])

    def data(self, length):
        """Bytes to write, and their token."""
        if length <= 16:
            data = bytes(self.rng.choice(ALPHABETS[self.alphabet]) for _ in range(length))
            return data, literal(data)
        seed = self.rng.randrange(1 << 16)
        return fill(self.alphabet, seed, length), f"~{length}:{seed}"

    def needle(self):
        rng, n = self.rng, self.length
        dice = rng.randrange(20)
        if dice < 12 and n and self.readable and not self.closed:
            start = rng.randrange(n)
            return self.map[start : start + rng.randrange(1, 17)]
        if dice < 14:
            return b""
        if dice < 16:
            return b"\n"
        return self.data(rng.randrange(1, 6))[0]

    def aligned(self):
        """Where a part of the mapping starts, for the kernel: mostly at a page."""
        pages = self.length // PAGE
        if self.rng.random() < 0.6:
            return self.rng.randrange(pages + 1) * PAGE
        last = pages * PAGE
        return self.rng.choice([1, 100, 4095, 4097, last, last + PAGE, self.length, self.length + 1, -1])

    def size_of_part(self, start):
        rest = self.length - start
        longest = BIG - max(start, 0)
        return self.rng.choice([0, 1, 5, PAGE, PAGE + 1, 2 * PAGE, rest, rest, rest - 1, rest + 1, -1, BIG, longest])

    # --- operations ---

    def find(self):
        name = self.rng.choice(["find", "rfind"])
        bounds = [self.index() for _ in range(self.rng.choice([0, 0, 1, 2, 2]))]
        if len(bounds) == 2 and self.rng.random() < 0.5:
            bounds.sort(key=lambda i: i + self.length if i < 0 else i)
        needle = self.needle()
        if not self.readable:
            bounds = [self.length, self.length - 1]
            needle = needle or b"a"
        self.run(name, getattr(self.map, name), needle, *bounds)

    def contains(self):
        letter = bytes([self.rng.choice(ALPHABETS[self.alphabet] + b"?")])
        self.run("in", lambda: letter in self.map, text=[literal(letter)])

    def read(self):
        dice = self.rng.randrange(12)
        if not self.readable:
            return self.run("read", self.map.read, 0)
        if dice < 1:
            return self.run("read", self.map.read)
        if dice < 2:
            return self.run("read", self.map.read, None)
        if dice < 9:
            return self.run("read", self.map.read, self.rng.randrange(24))
        rest = self.length - self.position
        self.run("read", self.map.read, self.rng.choice([-1, -BIG, BIG, 0, PAGE, self.length, rest]))

    def read_byte(self):
        if self.readable or self.position >= self.length:
            self.run("read_byte", self.map.read_byte)

    def readline(self):
        if self.readable or self.position >= self.length:
            self.run("readline", self.map.readline)

    def seek(self):
        n, p, rng = self.length, self.position, self.rng
        whence = rng.choice([None, 0, 0, 1, 1, 2, 2])
        if rng.random() < 0.75:
            target = max(0, min(n, self.index()))
            self.run("seek", self.map.seek, *([target] if whence is None else [target - [0, p, n][whence], whence]))
        else:
            self.run("seek", self.map.seek, *([self.index()] if whence is None else [self.index(), whence]))

    def write(self):
        rest = max(0, self.length - self.position)
        some = self.rng.randrange(40)
        length = self.rng.choice([0, 1, 3, 8, 15, min(rest, 12), min(rest, 3000), rest, rest + 1, some])
        data, text = self.data(length)
        self.run("write", self.map.write, data, text=[text])

    def write_byte(self):
        self.run("write_byte", self.map.write_byte, self.rng.choice(ALPHABETS[self.alphabet]))

    def get(self):
        index = self.index()
        if self.readable or not -self.length <= index < self.length:
            self.run("get", lambda i: self.map[i], index)

    def set(self):
        byte = self.rng.choice(ALPHABETS[self.alphabet])
        self.run("set", self.map.__setitem__, self.index(), byte)

    def slice(self):
        rng = self.rng
        start, stop = (None if rng.random() < 0.3 else self.index() for _ in range(2))
        steps = [1, 1, -1, -1, 2, -2, 3, -3, 7, -7, 64, -64, PAGE, -PAGE, 0, BIG, -BIG]
        part = slice(start, stop, None if rng.random() < 0.4 else rng.choice(steps))
        words = [token(part.start), token(part.stop), token(part.step)]
        chosen = 0 if part.step == 0 else len(range(*part.indices(self.length)))
        if rng.random() < 0.5:
            if self.readable or chosen == 0:
                self.run("slice", lambda: self.map[part], text=words)
            return
        length = chosen if rng.random() < 0.75 else max(0, rng.choice([chosen - 1, chosen + 1, 0, 1, 2 * chosen]))
        data, text = self.data(length)
        self.run("set_slice", lambda: self.map.__setitem__(part, data), text=[*words, text])

    def move(self):
        n, rng = self.length, self.rng
        if rng.random() < 0.65 and n:
            src, dest = rng.randrange(n + 1), rng.randrange(n + 1)
            count = rng.randrange(n - max(src, dest) + 1)
            if rng.random() < 0.2:
                src, dest, count = rng.choice([(n, n, 0), (0, n, 0), (0, 0, n), (0, 1, n - 1), (1, 0, n - 1)])
        else:
            src, dest, count = self.index(), self.index(), self.index()
        self.run("move", self.map.move, dest, src, count)

    def flush(self):
        arguments = self.rng.choice([0, 1, 2, 2])
        start = self.aligned()
        self.run("flush", self.map.flush, *[start, self.size_of_part(start)][:arguments])

    def madvise(self):
        option = self.rng.choice(list(ADVICE))
        arguments = self.rng.choice([0, 1, 2, 2])
        start = self.aligned()
        bounds = [start, self.size_of_part(start)][:arguments]
        if option == "DONTNEED" and bounds[1:] and bounds[1] > BIG // 2:
            return  # An overflow here and a discarded range in the replay, which has no lengths that overflow.
        if option in SPLITS and arguments and 0 <= start < self.length and bounds[-1] != 0:
            # Whether what is left is one area again depends on the kernel: once split, a mapping only shrinks.
            self.split = True
        self.run("madvise", lambda: self.map.madvise(ADVICE[option], *bounds), text=[option, *map(token, bounds)])

    def resize(self):
        n, rng = self.length, self.rng
        new = rng.choice([n - 1, n + 1, n // 2, n, 1, rng.randrange(1, 5 * PAGE), rng.randrange(1, 5 * PAGE),
                          rng.randrange(1, 6) * PAGE, rng.randrange(1, 6) * PAGE + rng.choice([-1, 1]),
                          max(1, self.position - 1), max(1, self.position // 2), n + PAGE, 0, 0, -1, -5000])
        if self.offset and rng.random() < 0.05:
            new = BIG
        pages = [-(-size // PAGE) for size in (n, new)]
        works = self.resizes and not self.closed and 0 <= new < BIG and self.kind not in ("zero", "mem", "ro")
        anonymous = self.kind == "anon"
        if works and self.split and pages[1] >= pages[0]:
            return
        if works and (new == 0 and not anonymous or new > n and anonymous and "s" in self.flags):
            if self.count >= 30:
                self.dangerous("resize", self.map.resize, new)
            return
        self.run("resize", self.map.resize, new)
        if self.length < self.position and self.readable:
            # What can be asked of a cursor behind the end is rarely asked by chance.
            steps = [self.read, self.readline, self.read_byte, self.write_byte, self.find, self.write]
            for step in rng.sample(steps, 3):
                step()
            self.run("write", self.map.write, b"")
            self.run("seek", self.map.seek, 0, 1)

    def file_size(self):
        """Somebody else makes the file longer, or cuts what is behind the mapping off."""
        if self.kind == "rw" and not self.closed:
            size = os.fstat(self.source.other).st_size
            end = self.offset + self.length
            size = self.rng.choice([size + 1, size + 10, size + PAGE, end, self.rng.randint(end, max(end, size))])
            self.run("file_size", lambda: os.ftruncate(self.source.other, size), text=[str(size)])

    def write_file(self):
        if self.shares_file and not self.closed:
            size = os.fstat(self.source.other).st_size
            data, text = self.data(self.rng.randrange(1, 17))
            at = self.rng.randrange(size)
            data = data[: size - at]
            words = [str(at), literal(data)]
            self.run("write_file", lambda: os.pwrite(self.source.other, data, at) and None, text=words)

    def iterate(self):
        if self.readable:
            self.run("iter", lambda: b"".join(self.map))

    def plain(self):
        name = self.rng.choice(["size", "size", "tell", "len", "closed", "seekable"])
        calls = {"len": lambda: len(self.map), "closed": lambda: self.map.closed}
        self.run(name, calls.get(name) or getattr(self.map, name))

    def close(self):
        self.run("close", self.map.close)

    def random_steps(self):
        table = [
            (self.find, 16), (self.read, 6), (self.read_byte, 4), (self.readline, 6), (self.seek, 12), (self.write, 9),
            (self.write_byte, 4), (self.get, 5), (self.set, 5), (self.slice, 15), (self.move, 6), (self.flush, 4),
            (self.madvise, 5), (self.resize, 6), (self.iterate, 1), (self.plain, 4), (self.file_size, 2),
            (self.write_file, 2),
        ]  # fmt: skip
        if self.readable:
            table.append((self.contains, 2))
        steps, weights = zip(*table)
        wanted = self.rng.randrange(30, 42)
        while self.count < wanted and not self.over:
            self.rng.choices(steps, weights)[0]()
        if not self.over and self.rng.random() < 0.6:
            self.close()
            after = [*steps, self.contains, self.close]
            stop = self.count + self.rng.randrange(4, 10)
            while self.count < stop:
                self.rng.choice(after)()
        if not self.over:
            self.end()


# How many programs: what they map, access, flags, prot, trackfd.
PROGRAMS = [
    (280, "rw", "D", "s", "rw", True), (180, "rw", "D", "p", "rw", True), (200, "rw", "R", "s", "rw", True),
    (200, "rw", "W", "s", "rw", True), (210, "rw", "C", "s", "rw", True),
    (70, "ro", "R", "s", "rw", True), (60, "ro", "C", "s", "rw", True), (30, "ro", "D", "s", "r", True),
    (40, "ro", "D", "p", "rw", True),
    (150, "anon", "D", "s", "rw", True), (150, "anon", "D", "p", "rw", True), (60, "anon", "R", "s", "rw", True),
    (70, "anon", "W", "s", "rw", True), (70, "anon", "C", "s", "rw", True),
    (30, "rw", "D", "s", "rw", False), (20, "rw", "D", "p", "rw", False), (20, "rw", "R", "s", "rw", False),
    (20, "rw", "W", "s", "rw", False), (20, "rw", "C", "s", "rw", False), (15, "anon", "D", "s", "rw", False),
    (30, "zero", "D", "s", "rw", True), (15, "zero", "R", "s", "rw", True), (15, "zero", "W", "s", "rw", True),
    (25, "zero", "C", "s", "rw", True),
    (25, "mem", "D", "s", "rw", True), (15, "mem", "W", "s", "rw", True), (10, "mem", "R", "s", "rw", True),
    (10, "mem", "C", "s", "rw", True),
    (20, "rw", "D", "s", "r", True), (30, "rw", "D", "s", "w", True), (30, "rw", "D", "s", "-", True),
    (15, "anon", "D", "s", "w", True), (15, "anon", "D", "p", "-", True), (15, "anon", "D", "p", "rx", True),
    (15, "rw", "D", "so", "rw", True), (15, "rw", "D", "pn", "rw", True), (15, "rw", "D", "pa", "rw", True),
    (15, "anon", "D", "pa", "rw", True),
]  # fmt: skip


def constructors():
    """Every way in which the constructor's arguments and what is mapped can disagree, and some in which they agree."""
    lengths = [0, 1, 100, PAGE, 5000, 5001, 3 * PAGE]
    offsets = [0, 1, 100, PAGE, 2 * PAGE, 3 * PAGE, BIG - PAGE + 1]
    for kind, size in [("rw", 5000), ("rw", 2 * PAGE), ("rw", 0), ("ro", 5000), ("wo", 5000), ("zero", 0), ("proc", 0)]:
        accesses = "D" if kind == "proc" else "DRWC"
        for access in accesses:
            for length in lengths if size == 5000 else [0, 1, PAGE]:
                for offset in offsets if access in "DR" and size else [0, 100, PAGE]:
                    yield kind, size, length, offset, access, "s", "rw"
    for kind in ["dir", "pr", "pw"]:
        for access in "DRWC":
            for length in [0, 10]:
                yield kind, 0, length, 0, access, "s", "rw"
    for access in "DRWC":
        for length in [0, 1, PAGE, 5000]:
            for offset in [0, 100, PAGE]:
                yield "anon", 0, length, offset, access, "s", "rw"
        for flags in ["s", "p", "-", "pa", "so"]:
            for prot in ["rw", "r", "w", "-"]:
                for kind in ["rw", "ro", "wo", "anon"]:
                    if kind in ("rw", "anon") or flags in ("s", "p"):
                        yield kind, 5000, 300, 0, access, flags, prot
    for length, offset in [(0, 0), (0, 100), (0, 2 * PAGE), (5000, PAGE), (5001, 0), (904, PAGE), (905, PAGE)]:
        yield "rw", 5000, length, offset, "D", "p", "rw"


def random_program(out, directory, rng, kind, access, flags, prot, track):
    length = rng.choice(SIZES)
    if rng.random() < 0.55:
        length = max(1, rng.choice([0, 1, 1, 2, 3]) * PAGE + rng.choice([-1, 0, 1, 40, 500]))
    offset = 0 if rng.random() < 0.65 or kind == "zero" else rng.choice([1, 1, 2]) * PAGE
    size = 0 if kind in ("anon", "zero") else offset + length + rng.choice([0, 0, 0, 1, 50, PAGE])
    if kind in ("rw", "ro", "mem") and rng.random() < 0.5:
        length = 0
    return Program(out, directory, rng, kind, size, length, offset, access, flags, prot, track)


def main(path):
    assert sys.version_info[:2] == (3, 13) and mmap.PAGESIZE == PAGE and errno.EINVAL == 22
    out = ["# Written by record_mmap.py, which documents the format. Do not edit."]
    with tempfile.TemporaryDirectory() as directory:
        rng = random.Random("constructors")
        for kind, size, length, offset, access, flags, prot in constructors():
            program = Program(out, directory, rng, kind, size, length, offset, access, flags, prot)
            if program.map is not None:
                for name in ["len", "size"]:
                    program.run(name, (lambda: len(program.map)) if name == "len" else program.map.size)
            program.end()
        operations = 0
        number = 0
        for count, *what in PROGRAMS:
            for _ in range(count):
                number += 1
                program = random_program(out, directory, random.Random(f"program {number}"), *what)
                program.random_steps()
                assert program.count >= 30, f"program {number} is too short"
                operations += program.count
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(out) + "\n")
    print(f"{number} programs of {operations} operations, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
