"""The side of CPython in benches/mapping.rs: maps a file, and runs and times one operation for each line it reads.

A line is an operation and its numbers or hexadecimal bytes; the answer is the nanoseconds it took, and its result.
"""

import mmap
import os
import sys
import time


def bench(path):
    file = open(path, "r+b")
    m = mmap.mmap(file.fileno(), 0)
    print(sys.version.split()[0], flush=True)
    for line in sys.stdin:
        name, *args = line.split()
        if name in ("find", "rfind"):
            search, needle = getattr(m, name), bytes.fromhex(args[0])
            low, high = map(int, args[1:])
            start = time.perf_counter_ns()
            result = search(needle, low, high)
        elif name == "slices":
            size, count, stride = map(int, args)
            start = time.perf_counter_ns()
            result = 0
            for i in range(count):
                result += len(m[i * stride : i * stride + size])
        elif name == "index":
            count, stride = map(int, args)
            length = len(m)
            start = time.perf_counter_ns()
            result = sum(m[i * stride % length] for i in range(count))
        elif name == "lines":
            m.seek(0)
            start = time.perf_counter_ns()
            result = sum(len(m.readline()) for _ in range(int(args[0])))
        elif name == "resize":
            other, low, high, count = args[0], *map(int, args[1:])
            with open(other, "r+b") as f, mmap.mmap(f.fileno(), 0) as r:
                start = time.perf_counter_ns()
                for _ in range(count):
                    r.resize(high)
                    r.resize(low)
                result = len(r)
                print(time.perf_counter_ns() - start, result, flush=True)
            continue
        print(time.perf_counter_ns() - start, result, flush=True)


if __name__ == "__main__":
    bench(sys.argv[1])
