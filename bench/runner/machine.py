"""What the figures were measured on."""

import os
import platform
import time


def cpu_model():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def congestion_control():
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        return file.read().strip()


def describe(kinds, options):
    text = [f"- Date: {time.strftime('%Y-%m-%d')}",
            f"- Machine: {cpu_model()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB, "
            f"Linux {platform.release()}, TCP {congestion_control()}"]
    text += [f"- {kind.name}: {kind.version()}" for kind in kinds]
    pinned = ("with one loop the server on CPU 0, the generator on CPU 1; with two, unpinned"
              if options.pin else "nothing pinned")
    text.append(f"- Alternating runs; {pinned}; load at the start {os.getloadavg()[0]:.1f}")
    return "\n".join(text) + "\n"
