#include "broker/login.h"

namespace midge::broker {

Login::Action Login::step(Event event) {
  switch (stage_) {
    case Stage::kGreeted:
      if (event == Event::kConnect) return go(Stage::kAsking, Action::kAsk);
      if (event == Event::kOtherFrame) return go(Stage::kAsking, Action::kAskAsNobody);
      if (event == Event::kOutOfTime) return go(Stage::kOut, Action::kTimeOut);
      return Action::kNone;
    case Stage::kAsking:
      // How long the answer takes is not the client's fault: no kOutOfTime here.
      if (event == Event::kGranted) return go(Stage::kIn, Action::kEnter);
      if (event == Event::kReferred) return Action::kInquire;
      if (event == Event::kRefused) return go(Stage::kOut, Action::kRefuse);
      if (event == Event::kExpired) return go(Stage::kOut, Action::kExpire);
      return Action::kNone;
    case Stage::kIn:
      // A second CONNECT may bring another identity; a reload asks anew without leaving this stage.
      if (event == Event::kConnect) return go(Stage::kAsking, Action::kAsk);
      if (event == Event::kGranted) return Action::kEnter;
      if (event == Event::kReferred) return Action::kInquire;
      if (event == Event::kRefused) return go(Stage::kOut, Action::kRefuse);
      if (event == Event::kExpired) return go(Stage::kOut, Action::kExpire);
      return Action::kNone;
    case Stage::kOut:
      return Action::kNone;
  }
  return Action::kNone;
}

}  // namespace midge::broker
