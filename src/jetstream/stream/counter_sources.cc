#include "jetstream/stream/counter_sources.h"

#include "codec/json_tree.h"
#include "codec/json_writer.h"
#include "jetstream/stream/counter.h"

namespace midge::jetstream {

std::optional<CounterSources> CounterSources::parse(std::string_view text) {
  using Type = codec::JsonValue::Type;
  CounterSources sources;
  if (text.empty()) return sources;
  const auto tree = codec::read_json_tree(text);
  if (!tree || tree->type != Type::kObject) return std::nullopt;
  for (const codec::JsonMember& stream : tree->members) {
    if (stream.value.type != Type::kObject) return std::nullopt;
    for (const codec::JsonMember& subject : stream.value.members) {
      auto value = normal_integer(subject.value.text);
      if (!value) return std::nullopt;
      sources.set(stream.name, subject.name, std::move(*value));
    }
  }
  return sources;
}

std::string CounterSources::value_of(const std::string& stream, const std::string& subject) const {
  const auto found = values_.find(stream);
  if (found == values_.end()) return "0";
  const auto value = found->second.find(subject);
  return value == found->second.end() ? "0" : value->second;
}

void CounterSources::set(const std::string& stream, const std::string& subject, std::string value) {
  values_[stream][subject] = std::move(value);
}

std::string CounterSources::text() const {
  codec::JsonWriter json;
  json.begin_object();
  for (const auto& [stream, subjects] : values_) {
    json.key(stream).begin_object();
    for (const auto& [subject, value] : subjects) json.field(subject, value);
    json.end_object();
  }
  return json.end_object().take();
}

}  // namespace midge::jetstream
