"""The rows of the table as data: what is run, and what is to be reached.

A goal is an upper bound. `cpu` rows are the server's microseconds for each message it reads from
the OS, ours over the peer's; `figure` rows are any other number of a scenario's output.
"""

from dataclasses import dataclass, field

from . import setup

# How two loops are used: `same` and `apart` place publisher and subscriber on one loop or on two;
# where there are many connections, `spread` deals them out in turn.
PAIR = (("1", 1, "same"), ("2, same", 2, "same"), ("2, apart", 2, "apart"))
MANY = (("1", 1, "same"), ("2, same", 2, "same"), ("2, spread", 2, "spread"))
ALONE = (("1", 1, "same"), ("2", 2, "spread"))
ONCE = (("1", 1, "same"),)
INFINITY = float("inf")  # no goal


def at(output, path):
    for key in path.split("."):
        output = output[key]
    return output


@dataclass(frozen=True)
class Figure:
    """One line of the second table. `key` is a path in the scenario's output."""

    label: str
    key: str
    unit: str
    goal: object             # a number, or what makes one (or None) of the Measurement
    over_peer: bool = False  # the goal bounds ours over the peer's, not ours
    scale: float = 1
    at_least: bool = False   # the goal is a lower bound
    less: str = ""           # the path of what is taken off

    @property
    def name(self):
        """Of its samples."""
        return f"{self.key} - {self.less}" if self.less else self.key

    def value(self, output):
        value = at(output, self.key)
        return (value - at(output, self.less) if self.less else value) * self.scale

    def bound(self, measurement):
        return self.goal(measurement) if callable(self.goal) else self.goal


@dataclass(frozen=True)
class Row:
    name: str
    label: str
    arguments: tuple       # of midge-load; none: nobody connects, the figure is what is resident
    variants: tuple
    cpu_goal: dict = field(default_factory=dict)  # by placement, "" for all; none: no CPU figure
    p99_goal: float = 1.0  # ours over the peer's
    paced: bool = True     # p99 is measured at half of the peer's peak rate, else at the peak
    warmup: float = 0.3
    seconds: float = 1.5
    timed: bool = True     # the scenario takes --warmup and --seconds
    figures: tuple = ()
    runs_max: int = 5      # memory hardly differs from run to run
    sequential: bool = False  # never work for server and generator at once
    tls: bool = False      # the server wants TLS of its clients, and so gets it
    web_socket: str = ""   # the load comes by web sockets: plain or compressed
    setup: str = ""        # what else its configuration says
    peer_setup: str = ""   # the peer's, where that is another
    count: int = 0         # --count of midge-load, where --scale makes it less
    patience: int = 180    # seconds that midge-load may take
    syncs: bool = False    # it waits for the disk: what a sync costs is measured before each run
    writes: bool = False   # what the disk's device is told to write is measured
    restart: bool = False  # the scenario only fills the server, which is then ended and started
    percentiles: bool = True  # the scenario says latencies

    @property
    def is_of_security(self):
        return self.tls or self.setup in (setup.BCRYPT, setup.PERMISSIONS, setup.STREAM_IMPORT,
                                          setup.SERVICE_IMPORT)

    def setup_for(self, kind):
        return self.setup if kind.is_midge or not self.peer_setup else self.peer_setup


def flow(*arguments):
    return ("flow", *arguments)


def compare(publisher, subscriber, plain, *arguments):
    return ("compare", "--publisher", publisher, "--subscriber", subscriber, "--plain", plain,
            *arguments)


def storm(name, label, rise_max, arguments, **more):
    """Figures of a storm `label` of clients beside 1→1. What the machine makes of the traffic beside
    strangers who compute, and of the generator, is measured in the same run."""
    beside = f"p99 of 1→1 beside {label}"
    return Row(name, f"{label} at once beside 1→1", ("storm", *arguments), ALONE, timed=False,
               runs_max=3, figures=(
                   Figure(f"{beside}, over that before", "p99_rise", "×", rise_max),
                   Figure(beside, "during.p99_us", "µs", INFINITY),
                   Figure(f"{beside}: before", "before.p99_us", "µs", INFINITY),
                   Figure(f"{beside}: beside idle-class strangers in their place",
                          "strangers.p99_us", "µs", INFINITY),
                   Figure(f"{beside}: the generator's own lateness", "during.late.p99_us", "µs",
                          INFINITY),
                   Figure(f"{label} a second", "logins_rate", "", INFINITY)), **more)


def permitted(name, label, subjects):
    return Row(name, f"permitted publish 1→1, 16 B, {label}",
               compare("guarded:guarded", "guarded:guarded", "open:open", "--subjects", subjects),
               ONCE, {"": 0.33}, seconds=3, setup=setup.PERMISSIONS, figures=(
                   Figure(f"what permissions add to the CPU of 1→1, {label}", "extra", "%", 5,
                          scale=100),))


def monitoring(name, page, count, answer_goal, over_peer, **more):
    """A page asked for every 0.2 s beside 1→1 and so many idle connections with three subscriptions each."""
    label = f"{page} over {count:,} connections"
    return Row(name, f"{label} beside 1→1", ("monitoring", "--http-port", "$HTTP", "--path", page,
                                            "--count", str(count)), ALONE, timed=False, runs_max=3,
               setup=setup.MONITORING, figures=(
                   Figure(f"p99 of 1→1 beside {label}, over that before", "p99_rise", "×", 2),
                   Figure(f"p99 of 1→1 beside {label}", "during.p99_us", "µs", INFINITY),
                   Figure(f"p99 of 1→1 beside {label}: before", "before.p99_us", "µs", INFINITY),
                   Figure(f"p99 of 1→1 beside {label}: the generator's own lateness",
                          "during.late.p99_us", "µs", INFINITY),
                   Figure(f"{label}: until all is answered", "answer_ms", "ms", answer_goal,
                          over_peer=over_peer),
                   Figure(f"{label}: size of the answer", "answer_bytes", "MiB", INFINITY,
                          scale=1 / (1 << 20))), **more)


FAN_OUT_WINDOW = ("--window", str(16 << 10))

ROWS = (
    Row("pub", "publish 16 B, no subscriber", flow("--subscribers", "0"), ALONE, {"": 0.25}),
    Row("one_to_one", "1→1, 16 B", flow(), PAIR, {"": 0.25}),
    Row("fan_out", "fan-out 1→1,000, 16 B", flow("--subscribers", "1000", *FAN_OUT_WINDOW), MANY,
        {"": 0.25}, warmup=1.0),
    Row("one_to_one_128", "1→1, 128 B", flow("--payload", "128"), PAIR, {"": 0.33}),
    Row("four_to_four", "4→4, 16 B", flow("--publishers", "4", "--subscribers", "4"), MANY,
        {"": 0.33}),
    Row("queue", "queue group of 4, 16 B", flow("--subscribers", "4", "--queue", "workers"), MANY,
        {"": 0.33}),
    Row("one_to_one_4k", "1→1, 4 KiB", flow("--payload", "4096"), PAIR, {"": 0.7}),
    Row("request_1", "request-reply, 1 in flight", ("requests",), PAIR,
        {"same": 0.3, "apart": 0.5}, p99_goal=0.8, paced=False, sequential=True),
    Row("request_16", "request-reply, 16 in flight", ("requests", "--in-flight", "16"), PAIR,
        {"": 0.4}),
    Row("request_256", "request-reply, 256 in flight", ("requests", "--in-flight", "256"), PAIR,
        {"": 0.33}),
    Row("subjects", "100,000 subscriptions, publishes to random ones", ("subjects",), MANY,
        {"": 0.2}, figures=(
            Figure("memory of a subscription (10 % wildcard)", "subscription_bytes", "B", 250),)),
    Row("churn", "SUB+UNSUB churn of 1 M inboxes beside 1→1", ("churn",),
        PAIR, timed=False, figures=(
            Figure("SUB+UNSUB beside 1→1 traffic, CPU of a pair", "pair_cpu_us", "µs", 0.33,
                   over_peer=True),
            Figure("SUB+UNSUB alone, CPU of a pair", "churn_alone.cpu_us", "µs", 0.33,
                   over_peer=True),
            Figure("what 1→1 traffic loses beside 50,000 pairs a second", "traffic_loss", "%", 5,
                   scale=100))),
    Row("churn_wildcard", "churn of wildcard-first subscriptions beside 1→1",
        ("churn", "--kind", "wildcard-first", "--churn-rate", "10000"), (PAIR[0], PAIR[2]), timed=False, figures=(
            Figure("what 1→1 traffic loses beside 10,000 wildcard-first pairs a second",
                   "traffic_loss", "%", 5, scale=100),)),
    Row("stalled", "1 stalled of 1,000 subscribers, 1 KiB", ("stalled",), (MANY[0], MANY[2]),
        timed=False, figures=(
            Figure("what 999 of 1,000 subscribers lose beside a stalled one", "stalled_loss", "%",
                   2, scale=100),)),
    Row("slow_readers", "1 MiB message to 1,000 slow readers", ("slow-readers",), ONCE,
        timed=False, runs_max=3, figures=(
            Figure("1 MiB to 1,000 slow readers, peak RSS over idle", "peak_growth", "MiB", 64,
                   scale=1 / (1 << 20)),)),
    Row("idle_connections", "idle connections", ("idle",), ONCE, timed=False,
        runs_max=3, figures=(
        Figure("an idle connection", "connection_bytes", "KiB", 4, scale=1 / 1024),
        Figure("idle connections held", "connections", "", INFINITY))),
    Row("tls_one_to_one_128", "TLS 1→1, 128 B", flow("--payload", "128"), PAIR, {"": 0.5},
        tls=True),
    Row("tls_handshakes", "TLS handshakes", ("handshakes", "--seconds", "3"), ALONE, timed=False,
        tls=True, figures=(
            Figure("a full TLS handshake with login (RSA 2048), CPU", "handshake_cpu_us", "µs", 1.0,
                   over_peer=True),
            Figure("full TLS handshakes a second", "rate", "", 1.0, over_peer=True,
                   at_least=True))),
    Row("tls_idle_connections", "idle TLS connections", ("idle", "--count", "2000"), ONCE,
        timed=False, runs_max=3, tls=True, figures=(
            Figure("an idle TLS connection", "connection_bytes", "KiB", 20, scale=1 / 1024),)),
    Row("ws_one_to_one_128", "WebSocket 1→1, 128 B", flow("--payload", "128", "--varied", "1"),
        PAIR, {"": 0.4}, web_socket="plain"),
    Row("ws_compressed_one_to_one_128", "WebSocket 1→1, 128 B, compressed",
        flow("--payload", "128", "--varied", "1"), PAIR, {"": 0.4}, web_socket="compressed"),
    Row("ws_idle_connections", "idle WebSocket connections", ("idle", "--count", "5000"), ONCE,
        timed=False, runs_max=3, web_socket="plain", figures=(
            Figure("an idle WebSocket connection", "connection_bytes", "KiB", 5,
                   scale=1 / 1024),)),
    # 1.3 times the one above.
    Row("ws_compressed_idle_connections", "idle compressed WebSocket connections",
        ("idle", "--count", "5000"), ONCE, timed=False, runs_max=3, web_socket="compressed",
        figures=(Figure("an idle compressed WebSocket connection", "connection_bytes", "KiB", 6.5,
                        scale=1 / 1024),)),
    storm("tls_storm", "5,000 TLS reconnects", 2, ("--clients", "5000", "--limit", "40"), tls=True),
    storm("bcrypt_storm", "200 bcrypt logins", 1.1,
          ("--clients", "200", "--login", "slow:benchmark", "--publisher", "traffic:traffic",
           "--subscriber", "traffic:traffic", "--limit", "8"), setup=setup.BCRYPT),
    permitted("permitted_1", "one subject", "1"),
    permitted("permitted_1000", "1,000 subjects", "1000"),
    permitted("permitted_100000", "100,000 subjects", "100000"),
    Row("stream_import", "1→1, 16 B, through a stream import",
        compare("from:from", "to:to", "plain:plain"), PAIR, {"": 0.33}, seconds=3,
        setup=setup.STREAM_IMPORT, figures=(
            Figure("what a stream import adds to the CPU of 1→1", "extra", "%", INFINITY,
                   scale=100),)),
    Row("service_import", "1→1, 16 B, through a service import",
        compare("from:from", "to:to", "plain:plain", "--any-size", "1"), PAIR, {"": 0.33},
        seconds=3, setup=setup.SERVICE_IMPORT, figures=(
            Figure("what a service import adds to the CPU of 1→1", "extra", "%", INFINITY,
                   scale=100),)),
    Row("service_requests", "request-reply through a service import, 256 in flight",
        ("requests", "--in-flight", "256", "--publisher", "from:from", "--subscriber", "to:to"),
        PAIR, {"": 0.33}, setup=setup.SERVICE_IMPORT),
    monitoring("connz", "/connz?subs=1&limit=20000", 19_900, 0.5, True),
    monitoring("metrics", "/metrics", 10_000, 100, False),
    Row("idle_process", "idle process", (), ALONE, timed=False, figures=(
        Figure("an idle process, RSS", "rss", "MiB", 6, scale=1 / (1 << 20)),)),
    Row("tls_idle_process", "idle process with TLS", (), ALONE, timed=False, tls=True, figures=(
        Figure("an idle process with TLS, RSS", "rss", "MiB", 8, scale=1 / (1 << 20)),)),
)


def goal_of(row, place):
    return row.cpu_goal.get(place, row.cpu_goal.get(""))
