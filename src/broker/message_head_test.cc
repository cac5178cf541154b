// Goal: heads read as the protocol wants them, with headers and without.
#include "broker/message_head.h"

#include <doctest/doctest.h>

#include <string>

namespace midge::broker {
namespace {

std::string frame(const MessageHead& head, bool headers) {
  const MessageHead::Parts& parts = head.parts(headers);
  std::string text(parts.before_sid);
  return text.append("9").append(parts.after_sid).append(parts.payload);
}

TEST_CASE("[CORE-33] [CORE-34] MSG and HMSG heads") {
  MessageHead head;
  head.prepare({kGlobalAccount, "a.b", "", 0, "hello", nullptr});
  CHECK(frame(head, true) == "MSG a.b 9 5\r\nhello");
  CHECK(frame(head, false) == "MSG a.b 9 5\r\nhello");
  head.prepare({kGlobalAccount, "a", "re.1", 12, "NATS/1.0\r\n\r\nok", nullptr});
  CHECK(frame(head, true) == "HMSG a 9 re.1 12 14\r\nNATS/1.0\r\n\r\nok");
  CHECK(frame(head, false) == "MSG a 9 re.1 2\r\nok");
  const std::string long_subject(5000, 's');
  head.prepare({kGlobalAccount, long_subject, "", 0, "", nullptr});
  CHECK(frame(head, true) == "MSG " + long_subject + " 9 0\r\n");
}

}  // namespace
}  // namespace midge::broker
