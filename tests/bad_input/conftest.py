"""A bystander: two connections that exchange messages while others misbehave."""

import pytest

from harness.wire import client


class Bystander:
    """check() proves that a publisher and a subscriber notice nothing."""

    def __init__(self, server):
        self.subscriber, self.publisher = client(server), client(server)
        self.subscriber.send(b"SUB bystander 1\r\n")
        self.subscriber.barrier()
        self.sent = 0

    def check(self):
        self.sent += 1
        payload = b"%d" % self.sent
        self.publisher.send(b"PUB bystander %d\r\n%s\r\n" % (len(payload), payload))
        assert self.publisher.barrier() == []
        assert self.subscriber.barrier() == [b"MSG bystander 1 %d\r\n%s" % (len(payload), payload)]

    def close(self):
        self.subscriber.close()
        self.publisher.close()


@pytest.fixture
def bystander():
    """Call with a server: bystander(server)."""
    made = []

    def make(server):
        made.append(Bystander(server))
        made[-1].check()
        return made[-1]

    yield make
    for one in made:
        one.close()
