"""What a sync of the disk costs: the ground on which acknowledged publishes stand."""

import os
import tempfile
import time

RECORD = 4096
FILE_BYTES = 32 << 20
SYNCS = 300


def fdatasync_us(percentiles=(50, 99)):
    """Of records written one behind the other into a file that is there already, as a journal is."""
    with tempfile.NamedTemporaryFile(prefix="midge-bench-") as file:
        descriptor = file.fileno()
        os.write(descriptor, bytes(FILE_BYTES))
        os.fsync(descriptor)
        record = bytes(range(256)) * (RECORD // 256)
        taken = []
        for i in range(SYNCS):
            begin = time.perf_counter_ns()
            os.pwrite(descriptor, record, i * RECORD)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter_ns() - begin) / 1000)
    taken.sort()
    return [taken[min(SYNCS * p // 100, SYNCS - 1)] for p in percentiles]


def device_bytes_written(folder):
    """What the block device under a folder was told to write since the machine began, by anybody."""
    os.sync()
    device = os.stat(folder).st_dev
    with open(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat") as file:
        return int(file.read().split()[6]) * 512


def describe():
    p50, p99 = fdatasync_us()
    return (f"- Disk under {tempfile.gettempdir()}: 4 KiB written and fdatasync p50 {p50:.0f} µs, "
            f"p99 {p99:.0f} µs\n")
