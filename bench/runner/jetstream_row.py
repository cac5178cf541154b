"""The rows of JetStream as data. `cpu`: the server's microseconds for each message, ours over the
peer's; ours is synced before it is acknowledged unless a row says otherwise, the peer's is not
(its default syncs every two minutes) unless a row says otherwise.
"""

from . import setup
from .row import ALONE, INFINITY, ONCE, Figure, Row

MIB = 1 / (1 << 20)


def row(name, label, scenario, *arguments, variants=ONCE, **more):
    return Row("js_" + name, label, ("js-" + scenario, *arguments), variants,
               **{"paced": False, "p99_goal": INFINITY, "setup": setup.JETSTREAM, **more})


def publish(name, label, *arguments, **more):
    return row("publish_" + name, "publish " + label, "publish", *arguments,
               **{"cpu_goal": {"": 0.4}, "variants": ONCE, **more})


def get(name, label, *arguments):
    return row("get_" + name, label, "get", *arguments, cpu_goal={"": 0.25})


def consume(name, label, *arguments):
    return row(name, label, "consume", *arguments, cpu_goal={"": 0.33}, count=500_000, timed=False)


def consumers(kind, label, count, figures):
    return row("consumers_" + kind, label, "consumers", "--kind", kind, timed=False, runs_max=3,
               count=count, patience=900, figures=figures)


WINDOW_500 = ("--window", "500")
TWO_MINUTES = setup.jetstream(", sync_interval: 2m")
ALWAYS = setup.jetstream(", sync_interval: always")
SYNC = Figure("the disk's fdatasync meanwhile, p50", "fdatasync_us", "µs", INFINITY)


def rate_goal(measurement):
    """Half of what the peer does unsynced, or nearly what the disk's syncs allow, if that is less."""
    bounds = []
    sync_us, peer = (measurement.value("midge", "fdatasync_us"), measurement.value("peer", "rate"))
    if sync_us is not None:
        bounds.append(0.8 * 500 / ((sync_us + 200) / 1e6))
    if peer is not None:
        bounds.append(0.5 * peer)
    return min(bounds, default=None)


ROWS = (
    publish("500", "128 B, window 500, file; ours synced, the peer's not", *WINDOW_500,
            variants=ALONE, syncs=True, figures=(
        Figure("publish window 500, synced: rate (goal: 0.5 of the peer's unsynced, or 0.8 · 500 / "
               "(fdatasync + 0.2 ms))", "rate", "1/s", rate_goal, at_least=True), SYNC)),
    publish("500_always", "128 B, window 500, file; both synced", *WINDOW_500, peer_setup=ALWAYS,
            cpu_goal={"": INFINITY}, syncs=True, figures=(
        Figure("publish window 500: rate over the peer's with sync_interval: always", "rate",
               "1/s", 15, over_peer=True, at_least=True), SYNC)),
    publish("1", "128 B, window 1, file; ours synced, the peer's not", "--window", "1",
            cpu_goal={"": INFINITY}, syncs=True, figures=(
        Figure("publish window 1, synced: p50 less one fdatasync", "latency.p50_us", "µs", 120,
               less="fdatasync_us"), SYNC)),
    publish("1_always", "128 B, window 1, file; both synced", "--window", "1",
            cpu_goal={"": INFINITY}, peer_setup=ALWAYS),
    publish("50_streams", "50 streams, 128 B, window 100 each; ours synced", "--streams", "50",
            "--window", "100", "--one-window", "500", variants=ALONE, cpu_goal={"": INFINITY},
            figures=(
        Figure("50 streams at once, synced: rate over that of one", "over_one", "×", 0.8,
               at_least=True),)),
    publish("2m", '128 B, window 500, file, sync_interval: "2m"', *WINDOW_500,
            cpu_goal={"": 0.33}, setup=TWO_MINUTES),
    publish("memory", "128 B, window 500, memory", *WINDOW_500, "--storage", "memory",
            cpu_goal={"": 0.33}),
    row("kv_put", "KV put, 1,000 keys, history 1, window 64; ours synced", "publish", "--keys",
        "1000", "--per-subject", "1", "--window", "64", cpu_goal={"": 0.25}),
    row("kv_put_2m", 'KV put, 1,000 keys, history 1, window 64, sync_interval: "2m"', "publish",
        "--keys", "1000", "--per-subject", "1", "--window", "64", cpu_goal={"": 0.25},
        setup=TWO_MINUTES),
    get("kv", "KV get, 1,000 keys, 64 in flight", "--by", "subject"),
    get("last", "direct get of the last by its body, 64 in flight", "--by", "body"),
    consume("fetch_acks", "pull fetch 500, with acks", "--kind", "fetch", "--acks", "explicit"),
    consume("fetch", "pull fetch 500, no acks", "--kind", "fetch"),
    consume("ordered", "ordered consumer replay", "--kind", "ordered"),
    consume("push", "push consumer with flow control", "--kind", "push"),
    row("subjects", "10 M subjects, history 1", "subjects", timed=False, runs_max=1,
        count=10_000_000, patience=3600, figures=(
            Figure("10 M subjects, history 1: memory of a subject", "subject_bytes", "B", 107),
            Figure("10 M subjects: resident in all", "rss", "MiB", 1024, scale=MIB),
            Figure("listing 1 M of 10 M keys as KV keys() does", "list_by_consumer", "s", 1),
            Figure("core traffic's longest round trip beside that", "beside.max_us", "ms", INFINITY,
                   scale=1e-3),
            Figure("listing 1 M of 10 M keys by STREAM.INFO", "list_by_info", "s", INFINITY))),
    row("filter", "filtered consumers on 20 M messages", "filter", timed=False, runs_max=1,
        count=20_000_000, patience=3600, figures=(
            Figure("consumer whose filter matches 100,000 subjects of 20 M messages: created in",
                   "create.max_us", "ms", 50, scale=1e-3),
            Figure("core traffic's longest round trip beside it", "beside.max_us", "ms", 2,
                   scale=1e-3),
            Figure("core traffic's longest round trip before it", "quiet.max_us", "ms", INFINITY,
                   scale=1e-3))),
    consumers("pull", "50,000 pull consumers on one stream", 50_000, (
        Figure("50,000 pull consumers: created a second", "rate", "", 5000, at_least=True),
        Figure("50,000 pull consumers: idle CPU", "idle_cores", "% of a core", 2, scale=100),
        Figure("50,000 pull consumers: memory of each", "consumer_bytes", "B", 2048))),
    consumers("push", "50,000 push consumers on one stream, nobody subscribes", 50_000, (
        Figure("50,000 push consumers: created a second", "rate", "", 5000, at_least=True),
        Figure("50,000 push consumers: idle CPU", "idle_cores", "% of a core", 2, scale=100),
        Figure("50,000 push consumers: memory of each", "consumer_bytes", "B", 2048))),
    row("restart", "restart with 10 GB in 20 M messages", "fill", "--payload", "512", timed=False,
        runs_max=1, count=20_000_000, patience=3600, restart=True, figures=(
            Figure("20 M messages of 512 B, killed: the stream is served again in",
                   "killed.stream", "s", 10),
            Figure("… and core traffic in", "killed.core", "s", 1),
            Figure("20 M messages of 512 B, ended: the stream is served again in",
                   "clean.stream", "s", 2),
            Figure("… and core traffic in", "clean.core", "s", 1),
            Figure("… after it took to end", "clean.ends_in", "s", INFINITY))),
    row("volume", "bytes written for each of payload", "volume", timed=False, runs_max=2,
        count=400_000, patience=900, writes=True, figures=(
            Figure("1 KiB messages and acks of 100,000 pending: given to the disk / payload",
                   "device_bytes", "", 2.5, scale=1 / 1024),
            Figure("… pages the process made dirty / payload", "written_per_payload", "",
                   INFINITY))),
)
