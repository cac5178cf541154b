#include "server/monitor/root_page.h"

#include <utility>

namespace midge::server {
namespace {

constexpr std::pair<std::string_view, std::string_view> kLinks[] = {
    {"varz", "Server: identity, configuration, load, traffic"},
    {"connz", "Connections"},
    {"connz?state=closed", "Connections that ended"},
    {"subsz", "Interest and its cache"},
    {"subsz?subs=1", "Subscriptions"},
    {"accountz", "Accounts"},
    {"accstatz", "Use of accounts"},
    {"jsz", "JetStream"},
    {"routez", "Routes"},
    {"gatewayz", "Gateways"},
    {"leafz", "Leaf nodes"},
    {"raftz", "Raft groups"},
    {"ipqueuesz?all=1", "Queues within the server"},
    {"stacksz", "What each loop is doing"},
    {"debug/vars", "Figures of the process, as expvar names them"},
    {"metrics", "Metrics for Prometheus"},
    {"healthz", "Health: clients can be served"},
    {"livez", "Liveness: no loop is stuck"},
    {"startedz", "The server has come up"},
    {"readyz", "Clients may be sent here"},
    {"stopz", "The server may be stopped now"},
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&#34;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string compose_root_page(std::string_view server_name, std::string_view version,
                              std::string_view midge_version, std::string_view base_path) {
  // Links are relative, so that they hold behind a proxy: beside the page's own last element.
  const std::size_t slash = base_path.rfind('/');
  const std::string below =
      base_path.empty() ? "./" : "./" + escaped(base_path.substr(slash + 1)) + "/";
  const std::string name = escaped(server_name);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + name +
      "</title>\n<style>body{font-family:sans-serif;margin:2em}li{margin:.4em}"
      "code{color:#666}</style>\n</head>\n<body>\n<h1>" +
      name + "</h1>\n<p>Midge " + escaped(midge_version) + ", compatible with nats-server " +
      escaped(version) + "</p>\n<ul>\n";
  for (const auto& [target, text] : kLinks) {
    const std::string path(target);
    page += "<li><a href=\"" + below + path + "\">" + std::string(text) + "</a> <code>/" + path +
            "</code></li>\n";
  }
  return page + "</ul>\n</body>\n</html>\n";
}

}  // namespace midge::server
