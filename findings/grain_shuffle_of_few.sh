#!/usr/bin/env bash
# grain.MapDataset.shuffle takes far more time per record in small sets than in large ones.
#
# Expected: time per record that does not depend on the number of records, or that grows with it.
# Seen:     a pass over fewer than 65,536 records takes about 16 ms, whatever their number: per record 280 times the time
#           with 10 records, and 32 times with 100, of that with 100,000. The documentation of `shuffle` does not say so;
#           the docstring of its C++ module does: numbers of at least 16 bits are permuted (index_shuffle_module.cc).
#
# grain 0.2.18, Python 3.11, 2026-11-29:
#     10 records: 1648.9 microseconds per record
#     100 records: 187.0 microseconds per record
#     1000 records: 23.4 microseconds per record
#     10000 records: 6.9 microseconds per record
#     100000 records: 5.9 microseconds per record
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet grain==0.2.18

"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

import grain


def microseconds(count, records=2000):
    shuffled = grain.MapDataset.range(count).shuffle(seed=0).repeat()
    shuffled[0]
    start = time.process_time()
    for record in range(records):
        shuffled[record]
    return 1e6 * (time.process_time() - start) / records


taken = {count: microseconds(count) for count in (10, 100, 1000, 10_000, 100_000)}
for count, time_per_record in taken.items():
    print(f"{count} records: {time_per_record:.1f} microseconds per record")
sys.exit(taken[10] < 20 * taken[100_000])
PYTHON
