// Who is there: what services tell of themselves, read.
#include <utility>

#include "base/result.h"
#include "client/service/service_json.h"
#include "client/service/service_names.h"

namespace midge {
namespace {

void write_tree(codec::JsonWriter& json, const codec::JsonValue& value) {
  using Type = codec::JsonValue::Type;
  switch (value.type) {
    case Type::kNull:
      json.null();
      break;
    case Type::kBool:
      json.value(value.truth);
      break;
    case Type::kNumber:
      json.raw(value.text);
      break;
    case Type::kString:
      json.value(value.text);
      break;
    case Type::kArray:
      json.begin_array();
      for (const codec::JsonValue& item : value.items) write_tree(json, item);
      json.end_array();
      break;
    case Type::kObject:
      json.begin_object();
      for (const codec::JsonMember& member : value.members)
        write_tree(json.key(member.name), member.value);
      json.end_object();
      break;
  }
}

void take_data(const codec::JsonValue&, ServiceInfo&) {}

// Endpoints' data may be any JSON.
void take_data(const codec::JsonValue& answer, ServiceStats& stats) {
  const codec::JsonValue* const endpoints = answer.find("endpoints");
  for (std::size_t i = 0; i < stats.endpoints.size(); ++i) {
    const codec::JsonValue* const data = endpoints->items[i].find("data");
    if (data == nullptr) continue;
    codec::JsonWriter json;
    write_tree(json, *data);
    stats.endpoints[i].data = json.take();
  }
}

template <class Content>
Result<Content> read_answer(std::string_view text) {
  ASSIGN_OR_RETURN(const codec::JsonValue answer, codec::read_json_tree(text));
  detail::ServiceReading<Content> reading;
  TRY(codec::read_json_struct(answer, reading, false));
  take_data(answer, reading.content);
  return std::move(reading.content);
}

Result<std::string> subject_of(const char* verb, const DiscoveryOptions& options) {
  std::string subject = std::string("$SRV.") + verb;
  if (options.name.empty() && options.id.empty()) return subject;
  if (!detail::is_service_name(options.name) ||
      (!options.id.empty() && !detail::is_service_name(options.id)))
    return failure("invalid service name or id", ErrorCode::kInvalid);
  subject += "." + options.name;
  if (!options.id.empty()) subject += "." + options.id;
  return subject;
}

template <class Content>
Result<std::vector<Content>> ask(const Client& client, const char* verb,
                                 const DiscoveryOptions& options, Deadline deadline) {
  ASSIGN_OR_RETURN(const std::string subject, subject_of(verb, options));
  ManyOptions many;
  many.count = options.id.empty() ? options.count : 1;
  many.stall = options.stall;
  auto answers = client.request_many(subject, "", std::move(many), std::move(deadline));
  std::vector<Content> all;
  if (!answers && answers.error().code() == ErrorCode::kNoResponders) return all;
  if (!answers) return std::move(answers).error();
  for (const Message& answer : *answers) {
    auto read = read_answer<Content>(answer.data());
    if (!read) return std::unexpected(read.error().within("a service's answer"));
    all.push_back(*std::move(read));
  }
  return all;
}

}  // namespace

Result<std::vector<ServiceInfo>> ServiceDiscovery::ping(DiscoveryOptions options,
                                                        Deadline deadline) const {
  return ask<ServiceInfo>(client_, "PING", options, std::move(deadline));
}

Result<std::vector<ServiceInfo>> ServiceDiscovery::info(DiscoveryOptions options,
                                                        Deadline deadline) const {
  return ask<ServiceInfo>(client_, "INFO", options, std::move(deadline));
}

Result<std::vector<ServiceStats>> ServiceDiscovery::stats(DiscoveryOptions options,
                                                          Deadline deadline) const {
  return ask<ServiceStats>(client_, "STATS", options, std::move(deadline));
}

}  // namespace midge
