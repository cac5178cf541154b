#include "sim/workload/client_promises.h"

#include <algorithm>
#include <utility>

namespace midge::sim {
namespace {

constexpr std::size_t kClients = 3;
constexpr int kCalls = 40;  // in a round
constexpr Timeout kDeadline{milliseconds(1500).ns};
constexpr Duration kWithin = milliseconds(1550);
constexpr Duration kCalmWithin = seconds(30);  // silence is found, a server stalls
constexpr Timeout kCalmDeadline{seconds(20).ns};
constexpr int kExchanged = 5;

}  // namespace

ClientPromises::ClientPromises(ClientWorld& world)
    : world_(world), random_(world.env().fork_random()), ledger_(world.env()) {}

ClientPromises::~ClientPromises() {
  streams_.reset();
  for (ClientParty* const party : present_) party->let_go();
}

Options ClientPromises::draw_options() {
  Options options = world_.options();
  if (random_.one_in(3)) options.pending_max = 100 + random_.below(2000);
  if (random_.one_in(4)) options.reconnect_buffer = random_.below(2000);
  if (random_.one_in(4)) options.servers.insert(options.servers.begin(), "nats://127.0.0.1:4999");
  if (random_.one_in(5)) options.echo = false;
  return options;
}

Result<void> ClientPromises::setup() {
  TRY(world_.start_server());
  fill_up();
  streams_ = std::make_unique<ClientStreams>(world_, ledger_, random_.fork());
  return ledger_.check();
}

// As many clients as there are to be, each with somebody who answers. A server that is away is
// asked again in a calm.
void ClientPromises::fill_up() {
  std::erase_if(present_, [this](ClientParty* party) {
    if (!party->is_closed()) return false;
    if (streams_) streams_->forget(*party);
    party->let_go();
    return true;
  });
  while (present_.size() < kClients) {
    parties_.push_back(std::make_unique<ClientParty>(world_, ledger_, parties_));
    ClientParty& party = *parties_.back();
    if (!party.connect(draw_options())) return;
    present_.push_back(&party);
    (void)party.client().subscribe(
        "ask", [&party](const Message& m) { (void)party.client().respond(m, m.data()); },
        {.queue = "all"});
  }
}

Result<void> ClientPromises::step() {
  static constexpr struct {
    int weight;
    Call call;
  } kTable[] = {
      {10, &ClientPromises::publish},
      {4, &ClientPromises::subscribe},
      {4, &ClientPromises::take_next},
      {2, &ClientPromises::unsubscribe},
      {1, &ClientPromises::drain_subscription},
      {3, &ClientPromises::request},
      {4, &ClientPromises::request_async},
      {1, &ClientPromises::request_many},
      {3, &ClientPromises::flush},
      {5, &ClientPromises::wait},
      {1, &ClientPromises::reconnect},
      {1, &ClientPromises::close},
      {1, &ClientPromises::drain},
      {8, &ClientPromises::use_streams},
  };
  constexpr int kWeights = 48;
  ++round_;
  if (!random_.one_in(4)) plan_faults();
  for (int i = 0; i < kCalls; ++i) {
    fill_up();
    if (present_.empty()) {
      world_.env().run_for(milliseconds(50));
      continue;
    }
    ClientParty& party = *present_[random_.below(present_.size())];
    auto draw = static_cast<int>(random_.below(kWeights));
    const auto* entry = std::begin(kTable);
    while (draw >= entry->weight) draw -= (entry++)->weight;
    (this->*entry->call)(party);
    TRY(ledger_.check());
  }
  return calm();
}

// Some of them, at times of the seed's.
void ClientPromises::plan_faults() {
  const auto count = random_.between(1, 6);
  for (int i = 0; i < count; ++i)
    plan_fault(milliseconds(random_.between(0, 3000)) + microseconds(random_.between(0, 999)));
}

void ClientPromises::plan_fault(Duration delay) {
  const std::uint64_t draw = random_.below(10), step = 1 + random_.below(40);
  const Duration pause = milliseconds(random_.between(1, 1500));
  world_.env().after(delay, [this, draw, step, pause, here = std::weak_ptr<int>(here_)] {
    if (here.expired()) return;
    constexpr Loss kLosses[] = {Loss::kReset, Loss::kEnd, Loss::kSilence};
    constexpr Ending kEndings[] = {Ending::kOrder, Ending::kLameDuck, Ending::kCrash};
    ledger_.note("fault " + std::to_string(draw));
    if (draw < 3)
      world_.faults().lose(kLosses[draw]);
    else if (draw < 6)
      world_.restart_server(kEndings[draw - 3], pause);
    else
      world_.faults().cut_at(step);
  });
}

ClientReader* ClientPromises::draw_reader(ClientParty& party) {
  auto& readers = party.readers();
  return readers.empty() ? nullptr : readers[random_.below(readers.size())].get();
}

void ClientPromises::publish(ClientParty& party) {
  const int count = static_cast<int>(random_.between(1, 8));
  for (int i = 0; i < count; ++i) (void)party.publish("m." + std::to_string(random_.below(3)));
}

void ClientPromises::subscribe(ClientParty& party) {
  const std::uint64_t number = random_.below(4);
  const std::string subject = number == 3 ? "m.*" : "m." + std::to_string(number);
  (void)party.subscribe(subject, random_.one_in(2),
                        {.max = random_.one_in(4) ? 1 + random_.below(10) : 0});
}

void ClientPromises::take_next(ClientParty& party) {
  ClientReader* const reader = draw_reader(party);
  if (reader == nullptr || reader->has_callback()) return;
  const auto message =
      ledger_.timed("next", kWithin, [&] { return reader->handle.next(kDeadline); });
  if (message) reader->take(*message);
  while (const auto more = reader->handle.poll()) reader->take(*more);
}

void ClientPromises::unsubscribe(ClientParty& party) {
  ClientReader* const reader = draw_reader(party);
  if (reader == nullptr) return;
  if (random_.one_in(3)) {
    (void)reader->handle.unsubscribe_after(1 + random_.below(5));
    return reader->expect_any();
  }
  if (reader->handle.unsubscribe() || reader->has_callback()) reader->close();
}

void ClientPromises::drain_subscription(ClientParty& party) {
  ClientReader* const reader = draw_reader(party);
  if (reader == nullptr) return;
  (void)ledger_.timed("drain of a subscription", kWithin,
                      [&] { return reader->handle.drain(kDeadline); });
  if (reader->has_callback()) reader->close();
}

void ClientPromises::request(ClientParty& party) {
  const std::string body = std::to_string(++asked_);
  const auto answer = ledger_.timed("request", kWithin,
                                    [&] { return party.client().request("ask", body, kDeadline); });
  if (answer && answer->data() != body) ledger_.fault("a request gets the answer to another one");
}

void ClientPromises::request_async(ClientParty& party) {
  const std::string body = std::to_string(++asked_);
  const auto ticket = ledger_.begin("request " + body, kWithin + milliseconds(100));
  const bool is_silent = random_.one_in(4);
  const auto begun = party.client().request_async(
      is_silent ? "nobody" : "ask", body,
      [this, ticket, body](const Result<Message>& answer) {
        ticket->come();
        if (answer && answer->data() != body) ledger_.fault("another request's answer");
      },
      kDeadline);
  if (!begun) ticket->withdraw();
}

void ClientPromises::request_many(ClientParty& party) {
  ManyOptions many;
  if (random_.one_in(2)) many.count = 1 + random_.below(3);
  if (random_.one_in(2)) many.stall = timeout_of(milliseconds(100));
  (void)ledger_.timed("request_many", kWithin, [&] {
    return party.client().request_many("ask", "many", std::move(many), kDeadline);
  });
}

void ClientPromises::flush(ClientParty& party) {
  (void)ledger_.timed("flush", kWithin, [&] { return party.client().flush(kDeadline); });
}

void ClientPromises::wait(ClientParty&) {
  world_.env().run_for(milliseconds(random_.between(0, 300)));
}

void ClientPromises::reconnect(ClientParty& party) { party.client().force_reconnect(); }

void ClientPromises::close(ClientParty& party) {
  (void)ledger_.timed("close", milliseconds(100), [&] {
    party.client().close();
    return true;
  });
  if (!party.is_closed()) ledger_.fault("close returns before it is closed");
}

void ClientPromises::drain(ClientParty& party) {
  (void)ledger_.timed("drain", kWithin, [&] { return party.client().drain(kDeadline); });
  if (!party.is_closed()) ledger_.fault("drain returns before it is closed");
}

void ClientPromises::use_streams(ClientParty& party) { streams_->use(party); }

// No faults any more: what was lost comes again, and all works.
Result<void> ClientPromises::calm() {
  SimEnv& env = world_.env();
  env.run_for(seconds(4));  // faults that are planned
  world_.faults().cut_at(0);
  ledger_.note("calm");
  if (!env.run_until([this] { return world_.serves(); }, seconds(20)))
    return failure("the server does not come again");
  TRY(reconnect_all());
  TRY(exchange(round_));
  TRY(streams_->check(*present_.front()));
  TRY(ledger_.check());
  for (const auto& party : parties_) {
    const bool is_present = std::ranges::find(present_, party.get()) != present_.end();
    if (!is_present && !party->is_released())
      return failure("client " + std::to_string(party->number()) + " is not released");
  }
  return {};
}

Result<void> ClientPromises::reconnect_all() {
  const MonoTime until = world_.env().now() + kCalmWithin;
  const auto are_connected = [this] {
    return present_.size() == kClients && std::ranges::all_of(present_, [](ClientParty* party) {
             return party->client().status() == Status::kConnected &&
                    party->client().flush(kDeadline).has_value();
           });
  };
  while (!are_connected()) {
    fill_up();
    world_.env().run_for(milliseconds(100));
    if (world_.env().now() > until) return failure("the clients do not come again");
  }
  return ledger_.check();
}

// Each publishes, and all get all of it.
Result<void> ClientPromises::exchange(int round) {
  const std::string subject = "calm." + std::to_string(round);
  const auto flush_all = [this]() -> Result<void> {
    for (ClientParty* const party : present_) TRY(party->client().flush(kCalmDeadline));
    return {};
  };
  std::vector<ClientReader*> readers;
  for (ClientParty* const party : present_)
    readers.push_back(party->subscribe(subject, random_.one_in(2), {}));
  TRY(flush_all());
  for (int i = 0; i < kExchanged; ++i)
    for (ClientParty* const party : present_) TRY(party->publish(subject));
  TRY(flush_all());
  TRY(flush_all());
  for (std::size_t r = 0; r < readers.size(); ++r) {
    ClientReader* const reader = readers[r];
    if (reader == nullptr) return failure("nobody may subscribe in a calm");
    if (!reader->has_callback())
      while (const auto message = reader->handle.poll()) reader->take(*message);
    for (ClientParty* const publisher : present_) {
      const std::size_t count = reader->count(publisher->number());
      if (count == kExchanged || (count == 0 && publisher == present_[r])) continue;  // no echo
      return failure("in a calm " + std::to_string(count) + " messages of client " +
                     std::to_string(publisher->number()) + " came to client " +
                     std::to_string(present_[r]->number()));
    }
    (void)reader->handle.unsubscribe();
    reader->close();
  }
  return {};
}

// All is closed, and nothing is left of it.
Result<void> ClientPromises::check() {
  TRY(streams_->check(*present_.front()));
  streams_.reset();
  for (ClientParty* const party : present_) {
    close(*party);
    party->let_go();
  }
  present_.clear();
  world_.env().run_for(seconds(10));
  for (const auto& party : parties_)
    if (!party->is_released())
      return failure("client " + std::to_string(party->number()) + " is not released");
  if (ledger_.open() != 0) return failure("something has not come to its end");
  return ledger_.check();
}

}  // namespace midge::sim
