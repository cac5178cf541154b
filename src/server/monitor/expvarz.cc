#include "server/monitor/expvarz.h"

#include <initializer_list>

namespace midge::server {

void write_memstats(codec::JsonWriter& json, const Expvarz& expvarz) {
  const auto all_zero = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) json.field(name, 0);
  };
  const auto resident = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) json.field(name, expvarz.memory_bytes);
  };
  json.begin_object();
  resident({"Alloc", "TotalAlloc", "Sys"});
  all_zero({"Lookups", "Mallocs", "Frees"});
  resident({"HeapAlloc", "HeapSys"});
  all_zero({"HeapIdle"});
  resident({"HeapInuse"});
  all_zero({"HeapReleased", "HeapObjects", "StackInuse", "StackSys", "MSpanInuse", "MSpanSys",
            "MCacheInuse", "MCacheSys", "BuckHashSys", "GCSys", "OtherSys", "NextGC", "LastGC",
            "PauseTotalNs"});
  for (const char* name : {"PauseNs", "PauseEnd"}) json.key(name).begin_array().end_array();
  all_zero({"NumGC", "NumForcedGC", "GCCPUFraction"});
  json.field("EnableGC", false).field("DebugGC", false);
  json.key("BySize").begin_array().end_array().end_object();
}

std::string compose_expvarz(const Expvarz& expvarz) {
  codec::JsonWriter cmdline, memstats;
  cmdline.begin_array().value(expvarz.executable).end_array();
  write_memstats(memstats, expvarz);
  return "{\n\"cmdline\": " + cmdline.take() + ",\n\"memstats\": " + memstats.take() + "\n}\n";
}

}  // namespace midge::server
