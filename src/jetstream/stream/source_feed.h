// How a mirror or a sourcing stream gets the messages of another stream: a consumer there, made
// through the API (so that the other stream may be of another account or domain), pushes them to a
// subject of this feed's own. What is missing or out of order starts it anew behind the last
// message taken.
//
// Thread: the loop's of the stream that it feeds, which owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/message.h"
#include "io/timer.h"
#include "jetstream/api/info.h"
#include "jetstream/config/stream_config.h"
#include "jetstream/fwd.h"
#include "jetstream/member_receiver.h"
#include "store/ids.h"
#include "subject/target.h"
#include "subject/transform.h"

namespace midge::jetstream {

class SourceFeed {
 public:
  SourceFeed(Stream& stream, SourceConfig config, bool is_mirror);
  ~SourceFeed();

  // Goes on behind `last` of the other stream; zero: as the configuration says.
  void start(store::Sequence last);
  [[nodiscard]] SourceInfo info() const;
  [[nodiscard]] const SourceConfig& config() const { return config_; }
  // What the header of a sourced message begins with: tells sources of one stream apart.
  [[nodiscard]] std::string header_start() const;

 private:
  // What a delivered message's reply subject says.
  struct Delivery {
    store::Sequence stream;
    std::uint64_t consumer = 0, pending = 0;
    WallTime time{};
  };
  static std::optional<Delivery> parse_reply(std::string_view reply);

  void ask();
  void on_created(const broker::Message& answer);
  void on_message(const broker::Message& message);
  void on_status(const broker::Message& message);
  void take(const broker::Message& message, const Delivery& delivery);
  void start_anew();
  void fail(ApiError error);
  void stop_listening();
  void on_retry_timer();
  void on_silence_timer();
  // The subject here; nullopt: no transform wants it.
  [[nodiscard]] std::optional<std::string> mapped(std::string_view subject) const;
  [[nodiscard]] std::string request_body() const;

  Stream& stream_;
  SourceConfig config_;
  bool is_mirror_;
  std::vector<subject::Transform> transforms_;
  std::string deliver_subject_, answer_subject_;
  std::optional<subject::Target> deliveries_, answers_;
  store::Sequence last_;            // of the other stream, taken
  std::uint64_t consumer_seq_ = 0;  // of the last delivery
  bool running_ = false;
  std::uint64_t lag_ = 0;
  std::optional<WallTime> active_;
  std::optional<ApiError> error_;
  MonoTime heard_{};
  Duration retry_{};
  MemberReceiver<&SourceFeed::on_created> creations_{*this};
  MemberReceiver<&SourceFeed::on_message> messages_{*this};
  io::MemberTimer<&SourceFeed::on_retry_timer> retry_timer_{*this};
  io::MemberTimer<&SourceFeed::on_silence_timer> silence_timer_{*this};
};

}  // namespace midge::jetstream
