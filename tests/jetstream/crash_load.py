"""Publishers and a worker that remember what they were told, whatever becomes of the server."""

import json
import threading

from api_talk import Talk

STREAM, CONSUMER = "CRASH", "worker"
WINDOW = 100


class Memory:
    """What the server said, over all its lives. `faults` is what it may never say."""

    def __init__(self):
        self.lock = threading.Condition()
        self.acknowledged = {}  # body: sequence
        self.bodies = {}  # sequence: body, as acknowledged or delivered
        self.confirmed = set()  # sequences whose acks were answered
        self.faults = []

    def _saw(self, sequence, body):
        known = self.bodies.setdefault(sequence, body)
        if known != body:
            self.faults.append(f"sequence {sequence} was {known}, now {body}")

    def stored(self, body, sequence):
        with self.lock:
            self.acknowledged[body] = sequence
            self._saw(sequence, body)
            self.lock.notify_all()

    def delivered(self, sequence, body):
        with self.lock:
            self._saw(sequence, body)
            if sequence in self.confirmed:
                self.faults.append(f"sequence {sequence} came again, its ack was confirmed")

    def confirm(self, sequence):
        with self.lock:
            self.confirmed.add(sequence)
            self.lock.notify_all()

    def wait_more(self, messages, acks, patience):
        """Until so many more were acknowledged and confirmed than there are now."""
        with self.lock:
            messages += len(self.acknowledged)
            acks += len(self.confirmed)
            return self.lock.wait_for(
                lambda: len(self.acknowledged) >= messages and len(self.confirmed) >= acks,
                patience)


class Actor(threading.Thread):
    """Runs until the server is gone."""

    def __init__(self, server, memory):
        super().__init__(daemon=True)
        self.memory = memory
        self.talk = Talk(server.port)

    def run(self):
        try:
            self.act()
        except OSError:
            pass  # the server is gone
        finally:
            self.talk.close()

    def act(self):
        raise NotImplementedError


class Publisher(Actor):
    """Keeps WINDOW messages under way."""

    def __init__(self, server, memory, name):
        super().__init__(server, memory)
        self.name_ = name

    def act(self):
        inbox = f"_INBOX.{self.name_}"
        self.talk.subscribe("acks", f"{inbox}.*")
        number = 0
        under_way = 0
        while True:
            while under_way < WINDOW:
                self.talk.publish(f"crash.{number % 7}", f"{self.name_}.{number}".encode(),
                                  reply=f"{inbox}.{number}")
                number += 1
                under_way += 1
            answer = self.talk.receive("acks", 60)
            under_way -= 1
            told = json.loads(answer.body)
            body = f"{self.name_}.{answer.subject.rsplit('.', 1)[1]}"
            if "seq" in told:
                self.memory.stored(body, told["seq"])
            else:
                self.memory.faults.append(f"{body}: {told}")


class Worker(Actor):
    """Pulls, and asks for an answer to each ack."""

    def pull(self):
        self.talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{CONSUMER}",
                          b'{"batch":100,"expires":500000000}', reply="_INBOX.w.pull")

    def act(self):
        # One subscription: what comes after an ack's answer was sent after it.
        self.talk.subscribe("all", "_INBOX.w.>")
        self.pull()
        left = 100
        while True:
            message = self.talk.receive("all", 60)
            if message.subject.startswith("_INBOX.w.ack."):
                self.memory.confirm(int(message.subject.rsplit(".", 1)[1]))
                continue
            if not message.reply.startswith("$JS.ACK."):
                self.pull()  # the end of the request before
                left = 100
                continue
            sequence = int(message.reply.split(".")[5])
            self.memory.delivered(sequence, message.body.decode())
            self.talk.publish(message.reply, b"+ACK", reply=f"_INBOX.w.ack.{sequence}")
            left -= 1
            if left == 0:
                self.pull()
                left = 100
