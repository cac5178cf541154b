#include "tls/session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/err.h>

#include "base/check.h"
#include "tls/certificate.h"
#include "tls/handshake_error.h"
#include "tls/openssl_ptr.h"
#include "tls/wire_bio.h"

namespace midge::tls {
namespace {

constexpr std::size_t kHeader = 5;  // type, version, length
constexpr std::size_t kLengthMax = 16 * 1024 + 2048;
constexpr unsigned char kAlertRecord = 21;
constexpr unsigned char kHandshakeRecord = 22;

// OpenSSL reads this much at once: several records in one call of the system.
constexpr std::size_t kReadAhead = 64 * 1024;

const char* version_text(const SSL* ssl) {
  switch (SSL_version(ssl)) {
    case TLS1_3_VERSION:
      return "1.3";
    case TLS1_2_VERSION:
      return "1.2";
    case TLS1_1_VERSION:
      return "1.1";
    case TLS1_VERSION:
      return "1.0";
    default:
      return "";
  }
}

}  // namespace

Session::Session(SSL* ssl, ContextPtr context, WallTime now)
    : ssl_(ssl), handshake_(std::make_unique<Handshake>()) {
  handshake_->context = std::move(context);
  handshake_->now = now;
  SSL_set_app_data(ssl_, this);
  BIO* bio = make_wire_bio(*this);
  SSL_set_bio(ssl_, bio, bio);
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_), static_cast<time_t>(now.ns / 1'000'000'000));
}

Session::~Session() { SSL_free(ssl_); }

// ---- the handshake

const io::HandshakeFailure& Session::failure() const { return handshake_->failure; }

std::size_t Session::whole_records() const {
  std::size_t end = input_at_;
  while (input_.size() - end >= kHeader) {
    const auto* header = reinterpret_cast<const unsigned char*>(input_.data()) + end;
    const std::size_t length = (std::size_t{header[3]} << 8) | header[4];
    // One that is too long is a failure, for which its header is enough.
    if (length > kLengthMax) return input_.size();
    if (input_.size() - end < kHeader + length) break;
    end += kHeader + length;
  }
  return end;
}

bool Session::can_step() const {
  return whole_records() > input_at_ || (SSL_is_server(ssl_) == 0 && SSL_in_before(ssl_) != 0);
}

bool Session::at_record_edge() const { return whole_records() == input_.size(); }

bool Session::looks_like_tls() const {
  if (handshake_->begun || !has_input()) return true;
  const auto* first = reinterpret_cast<const unsigned char*>(input_.data()) + input_at_;
  if (first[0] != kHandshakeRecord && first[0] != kAlertRecord) return false;
  return input_.size() - input_at_ < 2 || first[1] < 0x10;
}

std::string Session::take_input() {
  std::string rest = std::move(input_);
  rest.erase(0, std::exchange(input_at_, 0));
  input_ = {};
  input_end_ = 0;
  return rest;
}

Session::Step Session::step() {
  input_end_ = whole_records();
  handshake_->begun = true;
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return finish_handshake();
  if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) return fail();
  ERR_clear_error();
  input_.erase(0, std::exchange(input_at_, 0));
  input_end_ = 0;
  return Step::kNeedsInput;
}

Session::Step Session::fail() {
  handshake_->failure.text = handshake_error(handshake_->refusal, handshake_->offered_versions);
  if (!handshake_->rejection.empty()) handshake_->failure.text = handshake_->rejection;
  return Step::kFailed;
}

Session::Step Session::finish_handshake() {
  peer_.version = version_text(ssl_);
  peer_.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_));
  const X509Ptr leaf(SSL_get1_peer_certificate(ssl_));
  if (!check_pins(leaf.get())) return Step::kFailed;
  if (leaf != nullptr) {
    peer_.verified = SSL_get_verify_result(ssl_) == X509_V_OK;
    peer_.names = login_names(leaf.get());
    peer_.subject = subject_by_rfc2253(leaf.get());
    // A resumed session knows the leaf alone; a server's view of the chain leaves the leaf out of
    // nothing: it comes first.
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_);
    peer_.certificates.push_back(describe(leaf.get()));
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      X509* one = sk_X509_value(chain, i);
      if (X509_cmp(one, leaf.get()) != 0) peer_.certificates.push_back(describe(one));
    }
  }
  handshake_.reset();
  SSL_set_read_ahead(ssl_, 1);
  SSL_set_default_read_buffer_len(ssl_, kReadAhead);
  input_end_ = input_.size();
  has_more_ = has_input();
  return Step::kDone;
}

bool Session::check_pins(X509* leaf) {
  const Context& context = *handshake_->context;
  if (context.config().pinned_certs.empty()) return true;
  if (leaf == nullptr) {
    handshake_->failure.detail = "Failed pinned cert test as client did not provide a certificate";
  } else {
    const std::string key = spki_sha256(leaf);
    if (context.is_pinned(key)) return true;
    handshake_->failure.detail = "Failed pinned cert test for key id: " + key;
  }
  handshake_->failure.text = "certificate not pinned";
  return false;
}

// ---- after it

void Session::use_wire(io::Stream& wire) { wire_ = &wire; }

io::IoCount Session::read(std::span<char> into) {
  drained_ = false;
  has_more_ = false;
  std::size_t total = 0;
  while (total < into.size()) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &got);
    if (result == 1) {
      total += got;
      continue;
    }
    const io::IoCount why = why_not(result);
    if (total == 0) return why;
    // What ended it is told by the next call.
    has_more_ = why.status != io::IoCount::Status::kWouldBlock;
    return {io::IoCount::Status::kOk, total};
  }
  has_more_ = true;
  return {io::IoCount::Status::kOk, total};
}

io::IoCount Session::why_not(int result) {
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {io::IoCount::Status::kWouldBlock};
    case SSL_ERROR_ZERO_RETURN:
      return {io::IoCount::Status::kEnd};
    default:
      if (wire_error_ == 0 && ended_) return {io::IoCount::Status::kEnd};
      return {io::IoCount::Status::kError, 0, wire_error_ == 0 ? EPROTO : wire_error_};
  }
}

bool Session::write_record(const char* data, std::size_t size) {
  std::size_t written = 0;
  return SSL_write_ex(ssl_, data, size, &written) == 1 && written == size;
}

io::IoCount Session::write(std::span<const io::Slice> from) {
  std::array<char, kRecordMax> record;
  std::size_t total = 0;
  std::size_t offset = 0;  // into the first slice
  while (!from.empty() && !has_output()) {
    const char* data = from[0].data + offset;
    std::size_t size = std::min(from[0].size - offset, kRecordMax);
    // A small slice is joined with those behind it, a large one is encrypted where it lies.
    const bool joins = size < kRecordMax && from.size() > 1;
    if (joins) {
      std::memcpy(record.data(), data, size);
      data = record.data();
      from = from.subspan(1);
      offset = 0;
      while (!from.empty() && size < kRecordMax) {
        const std::size_t part = std::min(from[0].size, kRecordMax - size);
        std::memcpy(record.data() + size, from[0].data, part);
        size += part;
        if (part < from[0].size) {
          offset = part;
          break;
        }
        from = from.subspan(1);
      }
    } else if (offset += size; offset == from[0].size) {
      from = from.subspan(1);
      offset = 0;
    }
    if (size == 0) continue;
    if (!write_record(data, size)) {
      ERR_clear_error();
      return {io::IoCount::Status::kError, 0, wire_error_ == 0 ? EPROTO : wire_error_};
    }
    total += size;
  }
  if (total == 0 && has_output()) return {io::IoCount::Status::kWouldBlock};
  return {io::IoCount::Status::kOk, total};
}

void Session::say_goodbye() {
  if (SSL_in_init(ssl_) == 0 && wire_error_ == 0) SSL_shutdown(ssl_);
  ERR_clear_error();
}

// ---- always

io::IoCount Session::flush(io::Stream& wire) {
  while (has_output()) {
    const io::Slice rest{output_.data() + output_at_, output_.size() - output_at_};
    const io::IoCount count = wire.write({&rest, 1});
    if (!count.ok()) return count;
    output_at_ += count.bytes;
  }
  drop_output();
  return {io::IoCount::Status::kOk, 0};
}

void Session::drop_output() {
  output_ = {};
  output_at_ = 0;
}

std::vector<std::string> Session::peer_chain_pem() const {
  std::vector<std::string> texts;
  const auto add = [&texts](X509* certificate) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    texts.emplace_back(data, static_cast<std::size_t>(size));
  };
  const X509Ptr leaf(SSL_get1_peer_certificate(ssl_));
  if (leaf == nullptr) return texts;
  add(leaf.get());
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* one = sk_X509_value(chain, i);
    if (X509_cmp(one, leaf.get()) != 0) add(one);
  }
  return texts;
}

}  // namespace midge::tls
