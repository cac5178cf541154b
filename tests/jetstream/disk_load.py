"""Publishers that go on when they are refused, and remember both what was acknowledged and why the
rest was not."""

import collections
import json

from crash_load import Actor

STREAM = "FILL"


class Told:
    """What the server said, over all its lives."""

    def __init__(self, lock):
        self.lock = lock  # a threading.Condition
        self.acknowledged = {}  # sequence: name of the message
        self.refusals = collections.Counter()  # by the error's text
        self.faults = []

    def stored(self, sequence, name):
        with self.lock:
            known = self.acknowledged.setdefault(sequence, name)
            if known != name:
                self.faults.append(f"sequence {sequence} was {known}, now {name}")
            self.lock.notify_all()

    def refused(self, error):
        with self.lock:
            self.refusals[f"{error['err_code']} {error['description']}"] += 1
            self.lock.notify_all()

    def wait(self, condition, patience):
        with self.lock:
            return self.lock.wait_for(condition, patience)

    def wait_more(self, messages, patience):
        with self.lock:
            wanted = messages + len(self.acknowledged)
            return self.lock.wait_for(lambda: len(self.acknowledged) >= wanted, patience)


class Filler(Actor):
    """Keeps `window` messages of `size` bytes under way until it is told to stop."""

    def __init__(self, server, told, name, size=1024, window=50):
        super().__init__(server, told)
        self.name_, self.size, self.window = name, size, window
        self.stopped = False

    def stop(self):
        self.stopped = True
        self.join()

    def act(self):
        inbox = f"_INBOX.{self.name_}"
        self.talk.subscribe("acks", f"{inbox}.*")
        number = under_way = 0
        while under_way > 0 or not self.stopped:
            while under_way < self.window and not self.stopped:
                name = f"{self.name_}.{number}"
                self.talk.publish(f"fill.{number % 7}", f"{name} ".encode().ljust(self.size, b"."),
                                  reply=f"{inbox}.{number}")
                number += 1
                under_way += 1
            answer = self.talk.receive("acks", 60)
            if answer is None:
                self.memory.faults.append(f"{self.name_}: {under_way} without an answer")
                return
            under_way -= 1
            told = json.loads(answer.body)
            if "error" in told:
                self.memory.refused(told["error"])
            else:
                self.memory.stored(told["seq"], f"{self.name_}.{answer.subject.rsplit('.', 1)[1]}")
