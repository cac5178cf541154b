// What a client has to do with tracing, beside its HPUB (client_publish.cc).
#include "broker/client.h"
#include "broker/message_trace.h"
#include "broker/worker.h"
#include "proto/size_text.h"

namespace midge::broker {

TraceRequest Client::trace_request(std::string_view block, TraceMention mention) {
  const AccountPlan* plan = worker_.plans().find(account_);
  const std::string_view destination =
      plan == nullptr ? std::string_view() : plan->trace_destination;
  if (mention == TraceMention::kParent && destination.empty()) return {};
  return read_trace_request(block, destination, plan == nullptr ? 0 : plan->trace_sampling,
                            worker_.random());
}

// The frame will not come, but if its headers are here already they may ask for a trace.
void Client::trace_oversize(const proto::Frame& frame, std::string_view input) {
  if (frame.verb != proto::Verb::kHpub) return;
  const std::size_t line_end = input.find('\n');
  if (line_end == std::string_view::npos) return;
  const std::string_view block = input.substr(line_end + 1, frame.header_size);
  const TraceMention mention = find_trace_mention(block);
  if (block.size() < frame.header_size || mention == TraceMention::kNone) return;
  TraceRequest request = trace_request(block, mention);
  if (request.action != TraceRequest::Action::kTrace || !may_trace_to(request)) return;
  worker_.tell_refused(*this, frame.subject,
                       static_cast<std::size_t>(proto::parse_size(frame.size_text)),
                       std::move(request), "maximum payload exceeded");
}

std::string_view Client::deliver_traced(Subscription& subscription, const MessageHead& head,
                                        const Message& message, bool only) {
  if (closing_) return kTraceClientClosed;
  if (delivery_ == Delivery::kGuarded &&
      !permissions_->may_receive(message.subject, subscription.registration.queue()))
    return kTraceDenied;
  if (only || deliver(subscription, head, message)) return {};
  return closing_ ? kTraceClientClosed : kTraceTooSlow;
}

}  // namespace midge::broker
