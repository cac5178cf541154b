#pragma once

namespace midge::broker {

class Broker;
class Client;
class InternalReceiver;
class Outbox;
class Inquirer;
class Worker;
struct Message;
struct Route;
struct Subscription;

}  // namespace midge::broker
