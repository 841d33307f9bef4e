"""Fills the root of a container with files of random bytes: make-tree.py ROOT FILES MEBIBYTES

They are in ROOT/files, a hundred to a directory, and of very different sizes (a third of them have two thirds of the bytes). Names of
a hundred that are spread among them are in ROOT/changing, one a line, as seen from the root.
"""

import os
import random
import sys

root, files, mebibytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

random.seed(1)
weights = [random.expovariate(1) for _ in range(files)]
unit = mebibytes * 2**20 / sum(weights)

with open(f"{root}/changing", "w") as changing:
    for number, weight in enumerate(weights):
        folder = f"files/{number // 10_000:02}/{number // 100 % 100:02}"
        name = f"{folder}/{number}"
        if number % 100 == 0:
            os.makedirs(f"{root}/{folder}")
        with open(f"{root}/{name}", "wb") as file:
            file.write(os.urandom(max(64, int(weight * unit))))
        if number % (files // 100) == files // 200:
            print(f"/{name}", file=changing)
