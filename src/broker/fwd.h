#pragma once

namespace midge::broker {

class Broker;
class Client;
class Outbox;
class Worker;
struct Message;
struct Route;
struct Subscription;

}  // namespace midge::broker
