// A client's session: protocol state, subscriptions, pending output. One connection, one loop, for
// life.
//
// Life: made by its Worker with a stream → open() → frames → close(reason) once, after which it
// only lingers until its last output is taken; the Worker destroys it at the end of a tick. Each
// verb's handling is a file of its own: client_connect.cc, client_publish.cc, client_subscribe.cc.
// Thread: its loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "auth/authenticator.h"
#include "broker/close_reason.h"
#include "broker/config.h"
#include "broker/fwd.h"
#include "broker/login.h"
#include "broker/message.h"
#include "broker/outbox.h"
#include "broker/session_permissions.h"
#include "broker/sid_table.h"
#include "broker/stats.h"
#include "broker/trace_headers.h"
#include "io/loop.h"
#include "io/proxied_stream.h"
#include "io/secure_stream.h"
#include "io/stream.h"
#include "io/web_socket_stream.h"
#include "proto/client_parser.h"
#include "proto/connect_options.h"

namespace midge::broker {

class MessageHead;

class Client final : public io::StreamEvents, private io::HandshakeEvents, private io::ProxyEvents {
 public:
  Client(Worker& worker, std::unique_ptr<io::Stream> stream, std::uint64_t cid);
  ~Client() override;

  // A client in name only: its subscriptions are the server's own on this loop.
  static std::unique_ptr<Client> make_internal(Worker& worker, std::unique_ptr<io::Stream> stream);

  // Attaches to the loop and greets with INFO.
  void open();
  // After a reload: closes a session whose certificate is not pinned any more.
  void check_pinned();
  // The worker has a new configuration; recheck_login() follows if who may log in has changed.
  void take_config();
  void recheck_login();
  // The answer to the question with this number.
  void take_verdict(std::uint32_t question, auth::Verdict verdict);
  // Ends the session: subscriptions go at once, pending output is given a short time. Idempotent.
  void close(CloseReason reason);
  // Logs the text, tells it as `-ERR 'text'`, and closes.
  void close_with_error(std::string_view text, CloseReason reason);

  // Memory is short and this one holds much: it ends.
  void close_for_memory();

  // Appends one message for `subscription`; false if nothing was delivered. The hot path.
  bool deliver(Subscription& subscription, const MessageHead& head, const Message& message);
  // The same for a traced message: says why it was not delivered, "" = it was. With `only` it is
  // not, and "" = it would have been.
  std::string_view deliver_traced(Subscription& subscription, const MessageHead& head,
                                  const Message& message, bool only);

  // Writes pending output. Called by the worker at the end of a tick, or early when much is
  // pending.
  void flush();
  // Goes on with input that was set aside when the tick's budget was spent, or credit was out.
  void resume();
  // Whether a message of this client may go on as `subject`, to which its account maps it; tells
  // the client if not.
  [[nodiscard]] bool may_publish_mapped(std::string_view subject);
  // What a client is told that may not publish on `subject`.
  static std::string publish_violation(std::string_view subject);
  void send_info();
  void send_lame_duck_info();
  // The 503 for a request on `subject`, to the subscription that waits for `reply`.
  void send_no_responders(std::string_view sid, std::string_view reply, std::string_view subject);

  [[nodiscard]] std::uint64_t cid() const { return cid_; }
  [[nodiscard]] AccountId account() const { return account_; }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] bool echo() const { return options_.echo; }
  [[nodiscard]] Duration rtt() const { return rtt_; }
  [[nodiscard]] auth::ConnectionTypes connection_type() const;
  [[nodiscard]] bool headers() const { return options_.headers; }
  [[nodiscard]] bool wants_no_responders() const { return options_.no_responders; }
  [[nodiscard]] bool closing() const { return closing_; }
  // The server's own: neither counted nor shown among connections.
  [[nodiscard]] bool is_hidden() const { return stream_->of_server(); }
  // Its subscriptions are the server's own, each with a receiver.
  [[nodiscard]] bool is_internal() const { return delivery_ == Delivery::kInternal; }
  [[nodiscard]] bool finished() const { return finished_; }
  // Whether TLS or a proxy's header is still to come: no frames are exchanged.
  [[nodiscard]] bool is_securing() const { return !closing_ && securing_ != Securing::kNone; }
  [[nodiscard]] std::size_t pending() const { return outbox_.pending(); }
  // Output that waits, and input of which a part has come.
  [[nodiscard]] std::size_t held_bytes() const { return outbox_.pending() + parser_.held_bytes(); }
  [[nodiscard]] std::size_t subscription_count() const { return sids_.size(); }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] ConnectionInfo info(bool with_subscriptions) const;
  // The same without subscriptions, into what described another: its strings' room is used again.
  void describe(ConnectionInfo& into) const;
  // Its subscriptions' slots, in no order.
  [[nodiscard]] std::vector<std::uint32_t> subscription_slots() const { return sids_.slots(); }
  void list_subscriptions(std::vector<SubscriptionInfo>& into) const;
  // Who it is logged in as; null: nobody was asked.
  [[nodiscard]] const auth::IdentityPtr& identity() const { return identity_; }
  // Whether it would understand that it should go elsewhere.
  [[nodiscard]] bool hears_lame_duck() const {
    return pinged_ && !closing_ && options_.protocol >= 1;
  }
  [[nodiscard]] SubscriptionInfo describe(const Subscription& subscription) const;
  // `1.2.3.4:5 - cid:6 - "v1:go:name"`: how log lines name this connection.
  [[nodiscard]] std::string log_name() const;

  // What TLS told of it, for whoever decides about its login; not encrypted: all empty.
  [[nodiscard]] auth::TlsPeer tls_peer() const;

  // The worker's lists.
  bool in_dirty_list = false;
  bool in_resume_list = false;

 private:
  // Its identity, and what TLS told of it.
  void describe_login(ConnectionInfo& into) const;
  void on_readable() override;
  void on_writable() override;

  // Opening: INFO, and a proxy's header and TLS if the listener has them (client_proxy.cc,
  // client_tls.cc).
  // Sends INFO; false if there are too many connections already.
  bool greet();
  // From here on frames are read.
  void begin_session();
  [[nodiscard]] bool awaits_proxy_header() const;
  // The same; on_proxy_header() goes on then.
  [[nodiscard]] bool wait_for_proxy_header();
  void on_proxy_header() override;
  void on_proxy_error(std::string_view text) override;
  void open_secure(io::SecureStream& secure);
  // What a client that may do without TLS sends shows whether it does.
  void await_choice(io::SecureStream& secure);
  [[nodiscard]] bool may_be_plain() const;
  void start_handshake();
  // Null if the connection is not encrypted.
  [[nodiscard]] const io::SecurePeer* secure_peer() const;
  void on_first_bytes(bool look_like_tls) override;
  void on_silence() override;
  void on_secured() override;
  void on_handshake_failed(const io::HandshakeFailure& failure) override;

  // Frames.
  void process(std::string_view input, const SharedBytes& chunk);
  void parse(std::string_view input, const SharedBytes& chunk);
  void handle(const proto::Frame& frame);
  // `input` begins with the frame that was refused.
  void handle_parse_error(const proto::Frame& frame, std::string_view input);
  void handle_connect(const proto::Frame& frame);
  void handle_ping();
  void handle_pong();
  void handle_publish(const proto::Frame& frame);
  // HPUB: its headers may ask for a trace.
  void handle_headed_publish(const proto::Frame& frame);
  void handle_subscribe(const proto::Frame& frame);
  void handle_unsubscribe(const proto::Frame& frame);
  // Why a publish was refused; its sender was told.
  enum class Refusal : std::uint8_t { kNone, kSubject, kReply };
  void count_publish(const proto::Frame& frame);
  [[nodiscard]] Refusal check_publish(const proto::Frame& frame);
  [[nodiscard]] Refusal check_reserved(const proto::Frame& frame);
  void route_publish(const proto::Frame& frame);
  [[nodiscard]] Message to_message(const proto::Frame& frame) const;
  [[nodiscard]] TraceRequest trace_request(std::string_view block, TraceMention mention);
  void publish_traced(const proto::Frame& frame, TraceRequest request);
  // Whether the client may have its trace published there; tells it if not.
  [[nodiscard]] bool may_trace_to(const TraceRequest& request);
  // `input` begins with the frame.
  void trace_oversize(const proto::Frame& frame, std::string_view input);
  void set_aside(std::string_view input, const SharedBytes& chunk);
  [[nodiscard]] bool input_set_aside() const { return !set_aside_.empty(); }

  // What is different over a web socket (client_web_socket.cc).
  [[nodiscard]] bool is_web_socket() const { return web_socket_ != nullptr; }
  // Who decides about its login; null: everybody is welcome.
  [[nodiscard]] const auth::AuthenticatorPtr& authenticator() const;
  // Whether a login is waited for, and how long.
  [[nodiscard]] bool must_log_in() const;
  [[nodiscard]] Duration auth_timeout() const;
  [[nodiscard]] Duration ping_interval() const;
  // What CONNECT does not say, cookies may.
  void read_cookies();
  void tell_web_socket(proto::ServerInfo& info) const;
  // Reading failed because the frames were wrong, not the connection.
  void log_frame_fault() const;
  // Whether it ends without its last output.
  [[nodiscard]] bool ends_at_once(CloseReason reason) const;

  // Logging in (client_login.cc). Only sessions that are asked who they are have a LoginState.
  struct LoginState;
  void prepare_login();
  void begin_login();
  // Takes frames until the session is in; returns what is left then.
  std::string_view admit(std::string_view input, const SharedBytes& chunk);
  // CONNECT was read and its sender is welcome: what else it says is looked at.
  void finish_connect();
  void log_in(Login::Event event);
  // `again`: because of a reload.
  void ask(bool again);
  void wait_for_answer();
  // The answer to this question is a service's to give.
  void inquire(std::uint32_t question, auth::InquiryPtr inquiry);
  void enter(auth::IdentityPtr identity);
  void refuse_login(const auth::Refused& refused);
  void become_nobody();
  void set_identity(auth::IdentityPtr identity);
  // Counts this session in its account; false if that has as many as it may.
  [[nodiscard]] bool count_in_account();
  void leave_account();
  // What the account's description allows; nothing is limited without one.
  [[nodiscard]] AccountLimits account_limits() const;
  void remove_forbidden_subscriptions();
  [[nodiscard]] auth::LoginRequest login_request() const;
  void on_login_timer();
  void arm_expiry();
  // The session is in: with the rest of CONNECT, if it was that, and with reading.
  void go_on(bool by_connect);

  // Permissions.
  [[nodiscard]] bool may_subscribe(const proto::Frame& frame);
  void refuse_publish(std::string_view subject);
  // For sessions that cannot take each message: those that are sieved, and those that are closed.
  [[nodiscard]] bool may_deliver(const Subscription& subscription, const Message& message);
  void choose_delivery();
  void choose_limits();
  [[nodiscard]] std::int64_t subscriptions_max() const;  // below 0: any number

  // Output.
  void send(std::string_view bytes);
  void send_ok();
  void send_error(std::string_view text);
  [[nodiscard]] proto::ServerInfo personal_info() const;
  bool make_room(std::size_t bytes);
  void after_flush(Outbox::FlushStatus status);
  void stall_producer();

  // `-ERR 'text'`, then close; what was wrong is logged already.
  void refuse(std::string_view text, CloseReason reason);
  void remove_subscription(Subscription& subscription);
  void remove_all_subscriptions();
  void finish();

  // Timers.
  void on_ping_timer();
  void on_write_timer();
  void on_stall_timer();
  void arm_first_ping();
  void watch_stream();

  // Logging.
  void trace_in(const proto::Frame& frame) const;
  void trace_payload(const char* direction, std::string_view payload, std::uint32_t headers) const;
  void trace_out(std::string_view text) const;
  void debug(std::string_view text) const;
  void log_wrong(std::string_view text) const;
  void log_parse_error(const proto::Frame& frame, std::string_view input) const;
  // `User "a"`: whom CONNECT names, or else who it is; "" = nobody.
  [[nodiscard]] std::string claimed_user() const;
  // `A/user:a`: as whom it is in; "" = as nobody.
  [[nodiscard]] std::string entered_user() const;
  // As monitoring shows it.
  [[nodiscard]] std::string shown_user() const;

  Worker& worker_;
  std::unique_ptr<io::Stream> stream_;
  io::WebSocketStream* web_socket_;  // stream_ itself, or null
  proto::ClientParser parser_;
  Outbox outbox_;
  SidTable sids_;
  std::uint64_t cid_;

  proto::ConnectOptions options_;
  const proto::ParserLimits* limits_;  // the worker's, or those of LoginState
  AccountId account_ = kGlobalAccount;
  bool counted_in_account_ = false;
  auth::IdentityPtr identity_;                       // null: nobody was asked
  std::unique_ptr<SessionPermissions> permissions_;  // null: everything is allowed
  std::unique_ptr<LoginState> login_;                // null: nobody is asked
  Traffic traffic_;
  std::uint64_t stalls_ = 0;
  std::uint64_t dropped_ = 0;
  WallTime started_;
  MonoTime opened_{};
  MonoTime last_input_{};  // of anything
  MonoTime ping_sent_{};
  Duration rtt_{};
  std::uint64_t write_mark_ = 0;  // outbox_.written() that the write deadline waits for

  std::string_view set_aside_;  // input not yet parsed, lies in set_aside_chunk_
  SharedBytes set_aside_chunk_;

  io::MemberTimer<&Client::on_ping_timer> ping_timer_{*this};
  io::MemberTimer<&Client::on_write_timer> write_timer_{*this};
  std::unique_ptr<io::Timer> stall_timer_;

  int pings_out_ = 0;
  // How far the way to the first frame has come: frames are read in kNone only.
  enum class Securing : std::uint8_t { kNone, kGreeting, kProxyHeader, kAwaiting, kHandshake };
  Securing securing_ = Securing::kNone;
  bool greeted_ = false;    // INFO was sent
  bool tls_first_ = false;  // the handshake came before it
  // What a delivery has to look at.
  enum class Delivery : std::uint8_t { kOpen, kGuarded, kClosed, kInternal };
  Delivery delivery_ = Delivery::kOpen;
  bool is_in_ = true;       // frames are taken; false until the login, where there is one
  bool connected_ = false;  // CONNECT was received
  bool pinged_ = false;     // the client sent its first PING after CONNECT
  bool ping_due_ = true;    // none was sent yet: the first one measures the round trip
  bool closing_ = false;
  bool finished_ = false;
  bool write_blocked_ = false;
  bool read_paused_ = false;
  bool has_policy_drops_ = false;
  bool told_ = false;  // whoever watches sessions knows of it
  CloseReason reason_ = CloseReason::kClientClosed;
};

}  // namespace midge::broker
