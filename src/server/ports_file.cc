#include "server/ports_file.h"

#include "codec/json_writer.h"

namespace midge::server {

std::string ports_file_path(io::Process& process, const std::string& directory) {
  return directory + "/" + process.executable_name() + "_" + std::to_string(process.id()) +
         ".ports";
}

Result<void> write_ports_file(io::Env& env, const std::string& path, const ListenerUrls& urls) {
  codec::JsonWriter json;
  json.begin_object();
  const auto list = [&json](std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    json.key(name).begin_array();
    for (const std::string& value : values) json.value(value);
    json.end_array();
  };
  list("nats", urls.nats);
  list("monitoring", urls.monitoring);
  list("websocket", urls.websocket);
  json.end_object();
  return env.disk().write_file(path, json.text());
}

std::vector<std::string> listener_urls(io::Net& net, const std::string& scheme,
                                       const std::string& host, int port) {
  std::vector<std::string> urls;
  const auto add = [&](const std::string& name) {
    urls.push_back(scheme + "://" + io::Address{name, static_cast<std::uint16_t>(port)}.text());
  };
  if (host.empty() || host == "0.0.0.0" || host == "::") {
    add("127.0.0.1");
    add("::1");
    for (const std::string& address : net.interface_addresses()) add(address);
  } else {
    add(host);
  }
  return urls;
}

}  // namespace midge::server
