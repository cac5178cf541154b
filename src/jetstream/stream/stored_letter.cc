#include "jetstream/stream/stored_letter.h"

#include <charconv>

#include "jetstream/headers.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kStart = "midge.dead.";
constexpr int kLookedThroughMax = 1024;

}  // namespace

std::string dead_letter_id(std::string_view origin, store::Sequence sequence, WallTime given_up) {
  return std::string(kStart).append(origin) + "." + std::to_string(sequence.value) + "." +
         std::to_string(given_up.ns);
}

std::optional<store::Sequence> find_stored_letter(Stream& stream, std::string_view id,
                                                  std::string_view subject, WallTime now) {
  if (!id.starts_with(kStart)) return std::nullopt;
  WallTime given_up{};
  const std::string_view digits = id.substr(id.rfind('.') + 1);
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), given_up.ns);
  if (now - given_up < stream.config().duplicate_window) return std::nullopt;
  const store::Filter filter({std::string(subject)});
  store::Sequence before{};
  for (int i = 0; i < kLookedThroughMax; ++i) {
    const auto found = stream.store().find_last(filter, before);
    if (!found || !*found) return std::nullopt;
    before = **found;
    const auto message = stream.store().load(before);
    if (!message) continue;
    if (message->time < given_up) return std::nullopt;
    if (header_value(message->header, "Nats-Msg-Id") == id) return before;
  }
  return std::nullopt;
}

}  // namespace midge::jetstream
