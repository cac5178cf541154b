#include "server/ocsp/responder.h"

#include <fmt/format.h>

#include "server/http_client.h"
#include "tls/ocsp.h"

namespace midge::server {
namespace {

constexpr Duration kTimeout = seconds(30);
constexpr std::size_t kAnswerMax = 256 * 1024;
constexpr int kRedirectsMax = 10;

Result<std::string> ask(io::Env& env, Log& log, const HttpCall& call, std::size_t question_size) {
  const MonoTime before = env.clock().now();
  ASSIGN_OR_RETURN(HttpAnswer answer, fetch(env.net(), env.clock(), call));
  if (log.debug_on()) {
    log.debug(fmt::format("Received OCSP response (method={}, status={}, url={}, duration={:.3f}s)",
                          call.method, answer.status, call.url,
                          (env.clock().now() - before).seconds()));
  }
  if (answer.status > 299) {
    return failure(fmt::format("non-ok http status on {} request (reqlen={}): {}", call.method,
                               question_size, answer.status));
  }
  return std::move(answer.body);
}

HttpCall call_of(std::string url, Duration timeout) {
  HttpCall call;
  call.url = std::move(url);
  call.timeout = timeout;
  call.limit = kAnswerMax;
  call.redirects_max = kRedirectsMax;
  return call;
}

}  // namespace

Result<std::string> ask_responder(io::Env& env, Log& log, const std::string& url,
                                  const std::string& question) {
  HttpCall post = call_of(url, kTimeout);
  post.method = "POST";
  post.headers = {{"Content-Type", "application/ocsp-request"},
                  {"Accept", "application/ocsp-response"}};
  post.body = question;
  auto posted = ask(env, log, post, question.size());
  if (posted) return posted;
  const HttpCall get = call_of(tls::ocsp_get_url(url, question), kTimeout);
  auto got = ask(env, log, get, get.url.size() - url.size() - 1);
  if (got) return got;
  return failure(posted.error().text() + "; " + got.error().text());
}

bool PatientResponders::is_silent(const std::string& responder) {
  const subject::WriterGuard guard(lock_);
  const auto found = silent_until_.find(responder);
  if (found == silent_until_.end()) return false;
  if (env_.clock().now() < found->second) return true;
  silent_until_.erase(found);
  return false;
}

Result<std::string> PatientResponders::get(const std::string& url, Duration timeout) {
  // Zero stands for the default, as on the peer.
  const HttpCall call = call_of(url, timeout.ns > 0 ? timeout : seconds(2));
  const std::string responder = url.substr(0, url.find('/', url.find("//") + 2));
  if (is_silent(responder)) return failure("Get \"" + url + "\": no answer a moment ago");
  auto answer = fetch(env_.net(), env_.clock(), call);
  if (!answer) {
    const subject::WriterGuard guard(lock_);
    silent_until_[responder] = env_.clock().now() + call.timeout;
    return std::unexpected(answer.error());
  }
  if (!answer->is_ok())
    return failure(fmt::format("bad OCSP responder http status: [{}]", answer->status));
  return std::move(answer->body);
}

}  // namespace midge::server
