#include "client/jetstream/create_consumer.h"

#include <utility>

#include "client/jetstream/consumer_json.h"

namespace midge::detail {
namespace {

struct CreateTerms {
  std::string stream;
  ConsumerConfig config;
  std::string action;
};
template <class Visitor>
void describe(Visitor& v, CreateTerms& t) {
  v.field("stream_name", t.stream).field("config", t.config).unless_empty("action", t.action);
}

}  // namespace

CreateCall create_call(std::string_view stream, const ConsumerConfig& config,
                       std::string_view action) {
  std::string what = "CONSUMER.CREATE." + std::string(stream) + "." + config.name;
  if (!config.filter_subject.empty()) what += "." + config.filter_subject;
  const CreateTerms terms{std::string(stream), config, std::string(action)};
  return {std::move(what), codec::write_json_struct(terms)};
}

Result<ConsumerInfo> create_consumer(JetStreamContext& context, std::string_view stream,
                                     ConsumerConfig config, std::string_view action,
                                     const Deadline& deadline) {
  if (config.name.empty()) config.name = config.durable_name;
  if (config.name.empty()) config.name = context.draw_name();
  if (config.name.empty()) return failure("not connected", ErrorCode::kClosed);
  TRY(check_name("consumer", config.name));
  const CreateCall call = create_call(stream, config, action);
  return context.ask_for<ConsumerInfo>(call.what, call.body, deadline);
}

}  // namespace midge::detail
