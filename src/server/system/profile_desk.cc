#include "server/system/profile_desk.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "io/pool.h"
#include "io/profiler.h"
#include "server/monitor/duration_text.h"
#include "server/system/pprof.h"

namespace midge::server {
namespace {

constexpr Duration kPeriod = milliseconds(10);
constexpr std::string_view kOfProcessorTime = "cpu";
// What every thread does at the moment; Midge's threads are what Go's goroutines are there.
constexpr std::string_view kOfThreads[] = {"goroutine", "threadcreate"};
// What Go counts by itself, and Midge does not.
constexpr std::string_view kNotKept[] = {"allocs", "block", "heap", "mutex"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

class ProfileDesk::ProfileJob final : public io::Job {
 public:
  ProfileJob(std::shared_ptr<Door> door, io::Env& env, Kind kind, Duration took)
      : door_(std::move(door)), env_(env), kind_(kind), took_(took) {}
  void run() override { profile_ = write(); }
  void done() override {
    if (door_->desk != nullptr) door_->desk->finish(std::move(profile_));
  }

 private:
  Result<std::string> write() {
    io::Profiler& profiler = *env_.process().profiler();
    Pprof pprof{.type = "goroutine", .unit = "count"};
    if (kind_ == Kind::kProcessorTime) {
      pprof = {.type = "samples", .unit = "count", .period = kPeriod};
      pprof.samples = profiler.stop();
    } else {
      ASSIGN_OR_RETURN(pprof.samples, profiler.look());
    }
    pprof.start = env_.clock().wall() + Duration{-took_.ns};
    pprof.took = took_;
    CodeNames names{profiler.code(), addresses_of(pprof.samples), {}};
    names.functions = profiler.functions(names.addresses);
    return write_pprof(pprof, names);
  }

  std::shared_ptr<Door> door_;
  io::Env& env_;
  Kind kind_;
  Duration took_;
  Result<std::string> profile_;
};

// Reads the executable's symbols.
class ProfileDesk::NameJob final : public io::Job {
 public:
  NameJob(std::shared_ptr<Door> door, io::Env& env, std::vector<std::uint64_t> addresses,
          std::function<void(const Names&)> done)
      : door_(std::move(door)),
        env_(env),
        addresses_(std::move(addresses)),
        done_(std::move(done)) {}
  void run() override {
    std::ranges::sort(addresses_);
    const auto functions = env_.process().profiler()->functions(addresses_);
    for (std::size_t i = 0; i < addresses_.size(); ++i) names_[addresses_[i]] = functions[i];
  }
  void done() override {
    if (door_->desk == nullptr) return;
    door_->desk->done_ = nullptr;
    done_(names_);
  }

 private:
  std::shared_ptr<Door> door_;
  io::Env& env_;
  std::vector<std::uint64_t> addresses_;
  std::function<void(const Names&)> done_;
  Names names_;
};

ProfileDesk::~ProfileDesk() { door_->desk = nullptr; }

void ProfileDesk::name(std::vector<std::uint64_t> addresses,
                       std::function<void(const Names&)> done) {
  if (done_ || env_.process().profiler() == nullptr) return done({});
  done_ = [](const Result<std::string>&) {};  // busy
  env_.pool().submit(loop_,
                     std::make_unique<NameJob>(door_, env_, std::move(addresses), std::move(done)));
}

void ProfileDesk::make(const ProfileRequest& request, Done done) {
  if (auto begun = begin(request); !begun) return done(std::unexpected(std::move(begun).error()));
  done_ = std::move(done);
  begun_ = loop_.now();
  if (request.name != kOfProcessorTime) return collect(Kind::kThreads);
  loop_.timers().arm(timer_, begun_ + request.duration);
}

Result<void> ProfileDesk::begin(const ProfileRequest& request) {
  const std::string& name = request.name;
  if (name.empty()) return failure("Profile name not specified");
  if (is_one_of(name, kNotKept)) return failure("Profile \"" + name + "\" is not kept by Midge");
  if (name != kOfProcessorTime && !is_one_of(name, kOfThreads))
    return failure("Profile \"" + name + "\" not found");
  io::Profiler* profiler = env_.process().profiler();
  if (profiler == nullptr) return failure("there is no profiler here");
  if (done_) return failure("cpu profiling already in use");
  if (name != kOfProcessorTime) return {};
  if (request.duration.ns < 0 || request.duration > request.longest)
    return failure("Duration " + go_duration(request.duration) + " should be between 0s and " +
                   go_duration(request.longest));
  return profiler->start(kPeriod, request.duration);
}

void ProfileDesk::on_timer() { collect(Kind::kProcessorTime); }

void ProfileDesk::collect(Kind kind) {
  env_.pool().submit(loop_, std::make_unique<ProfileJob>(door_, env_, kind, loop_.now() - begun_));
}

void ProfileDesk::finish(Result<std::string> profile) {
  std::exchange(done_, {})(std::move(profile));
}

}  // namespace midge::server
