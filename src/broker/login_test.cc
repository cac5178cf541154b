// The login machine as a table: events in, actions out, and where they leave it.
#include "broker/login.h"

#include <vector>

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

using Event = Login::Event;
using Action = Login::Action;

struct Row {
  std::vector<Event> before;
  Event event;
  Action action;
  bool in = false, asking = false;
};

const Row kTable[] = {
    {{}, Event::kConnect, Action::kAsk, false, true},
    {{}, Event::kOtherFrame, Action::kAskAsNobody, false, true},
    {{}, Event::kOutOfTime, Action::kTimeOut},
    {{}, Event::kGranted, Action::kNone},
    {{}, Event::kExpired, Action::kNone},
    {{Event::kConnect}, Event::kGranted, Action::kEnter, true},
    {{Event::kOtherFrame}, Event::kGranted, Action::kEnter, true},
    {{Event::kConnect}, Event::kRefused, Action::kRefuse},
    {{}, Event::kReferred, Action::kNone},
    {{Event::kConnect}, Event::kReferred, Action::kInquire, false, true},
    {{Event::kConnect, Event::kReferred}, Event::kGranted, Action::kEnter, true},
    {{Event::kConnect, Event::kReferred}, Event::kRefused, Action::kRefuse},
    {{Event::kConnect, Event::kReferred}, Event::kOutOfTime, Action::kNone, false, true},
    {{Event::kConnect, Event::kGranted}, Event::kReferred, Action::kInquire, true},
    {{Event::kConnect, Event::kRefused}, Event::kReferred, Action::kNone},
    {{Event::kConnect}, Event::kOutOfTime, Action::kNone, false, true},
    {{Event::kConnect}, Event::kConnect, Action::kNone, false, true},
    {{Event::kConnect, Event::kGranted}, Event::kOtherFrame, Action::kNone, true},
    {{Event::kConnect, Event::kGranted}, Event::kOutOfTime, Action::kNone, true},
    {{Event::kConnect, Event::kGranted}, Event::kExpired, Action::kExpire},
    {{Event::kConnect, Event::kGranted}, Event::kGranted, Action::kEnter, true},
    {{Event::kConnect, Event::kGranted}, Event::kRefused, Action::kRefuse},
    {{Event::kConnect, Event::kGranted}, Event::kConnect, Action::kAsk, false, true},
    {{Event::kConnect, Event::kGranted, Event::kConnect}, Event::kExpired, Action::kExpire},
    {{Event::kConnect, Event::kRefused}, Event::kConnect, Action::kNone},
    {{Event::kConnect, Event::kRefused}, Event::kGranted, Action::kNone},
    {{Event::kOutOfTime}, Event::kConnect, Action::kNone},
};

TEST_CASE("[AUTH-02] the steps of a login") {
  for (const Row& row : kTable) {
    Login login;
    for (const Event event : row.before) login.step(event);
    CAPTURE(&row - kTable);
    CHECK(login.step(row.event) == row.action);
    CHECK(login.is_in() == row.in);
    CHECK(login.is_asking() == row.asking);
  }
}

}  // namespace
}  // namespace midge::broker
