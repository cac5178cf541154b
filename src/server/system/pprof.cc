#include "server/system/pprof.h"

#include <algorithm>
#include <map>

#include "codec/gzip.h"
#include "codec/protobuf_writer.h"

namespace midge::server {
namespace {

using codec::ProtobufWriter;

// The numbers of profile.proto's fields.
namespace profile {
constexpr unsigned kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4, kFunction = 5,
                   kString = 6, kTime = 9, kDuration = 10, kPeriodType = 11, kPeriod = 12;
}  // namespace profile

// Texts by number; number 0 is "".
class Strings {
 public:
  Strings() { number(""); }
  std::uint64_t number(std::string_view text) {
    const auto [found, is_new] = numbers_.try_emplace(std::string(text), texts_.size());
    if (is_new) texts_.emplace_back(text);
    return found->second;
  }
  void write(ProtobufWriter& into) const {
    for (const std::string& text : texts_) into.text(profile::kString, text);
  }

 private:
  std::map<std::string, std::uint64_t, std::less<>> numbers_;
  std::vector<std::string> texts_;
};

class Writer {
 public:
  Writer(const Pprof& pprof, const CodeNames& names) : pprof_(pprof), names_(names) {}

  std::string run() {
    write_types();
    write_samples();
    write_mappings();
    write_locations();
    out_.number(profile::kTime, pprof_.start.ns).number(profile::kDuration, pprof_.took.ns);
    strings_.write(out_);
    return codec::write_gzip(out_.bytes());
  }

 private:
  ProtobufWriter type(std::string_view name, std::string_view unit) {
    ProtobufWriter written;
    written.number(1, strings_.number(name)).number(2, strings_.number(unit));
    return written;
  }

  void write_types() {
    out_.message(profile::kSampleType, type(pprof_.type, pprof_.unit));
    if (pprof_.period.ns == 0) return;
    out_.message(profile::kSampleType, type("cpu", "nanoseconds"));
    out_.message(profile::kPeriodType, type("cpu", "nanoseconds"));
    out_.number(profile::kPeriod, pprof_.period.ns);
  }

  // Those with the same stack are one.
  void write_samples() {
    std::map<std::vector<std::uint64_t>, std::uint64_t> counts;
    for (const io::StackSample& sample : pprof_.samples) ++counts[sample.addresses];
    for (const auto& [addresses, count] : counts) {
      std::vector<std::uint64_t> locations;
      for (const std::uint64_t address : addresses) locations.push_back(location(address));
      std::vector<std::uint64_t> values{count};
      if (pprof_.period.ns != 0)
        values.push_back(count * static_cast<std::uint64_t>(pprof_.period.ns));
      ProtobufWriter written;
      written.numbers(1, locations).numbers(2, values);
      out_.message(profile::kSample, written);
    }
  }

  void write_mappings() {
    for (std::size_t i = 0; i < names_.code.size(); ++i) {
      const io::CodeRange& range = names_.code[i];
      ProtobufWriter written;
      written.number(1, std::uint64_t{i + 1}).number(2, range.start).number(3, range.end);
      written.number(4, range.offset).number(5, strings_.number(range.file));
      written.number(7, std::uint64_t{1});  // it has functions already
      out_.message(profile::kMapping, written);
    }
  }

  void write_locations() {
    for (std::size_t i = 0; i < names_.addresses.size(); ++i) {
      const std::uint64_t id = i + 1;
      const std::uint64_t address = names_.addresses[i];
      ProtobufWriter written;
      written.number(1, id).number(2, mapping_of(address)).number(3, address);
      if (const std::string& name = names_.functions[i]; !name.empty()) {
        const std::uint64_t function = function_of(name);
        ProtobufWriter line;
        written.message(4, line.number(1, function));
      }
      out_.message(profile::kLocation, written);
    }
  }

  std::uint64_t function_of(const std::string& name) {
    const auto [found, is_new] = functions_.try_emplace(name, functions_.size() + 1);
    if (is_new) {
      ProtobufWriter written;
      written.number(1, found->second).number(2, strings_.number(name));
      written.number(3, strings_.number(name));
      out_.message(profile::kFunction, written);
    }
    return found->second;
  }

  [[nodiscard]] std::uint64_t location(std::uint64_t address) const {
    const auto found = std::ranges::lower_bound(names_.addresses, address);
    return static_cast<std::uint64_t>(found - names_.addresses.begin()) + 1;
  }

  // 0: none.
  [[nodiscard]] std::uint64_t mapping_of(std::uint64_t address) const {
    const auto found = std::ranges::find_if(names_.code, [address](const io::CodeRange& range) {
      return address >= range.start && address < range.end;
    });
    if (found == names_.code.end()) return 0;
    return static_cast<std::uint64_t>(found - names_.code.begin()) + 1;
  }

  const Pprof& pprof_;
  const CodeNames& names_;
  Strings strings_;
  std::map<std::string, std::uint64_t> functions_;
  ProtobufWriter out_;
};

}  // namespace

std::vector<std::uint64_t> addresses_of(const std::vector<io::StackSample>& samples) {
  std::vector<std::uint64_t> all;
  for (const io::StackSample& sample : samples)
    all.insert(all.end(), sample.addresses.begin(), sample.addresses.end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

std::string write_pprof(const Pprof& pprof, const CodeNames& names) {
  return Writer(pprof, names).run();
}

}  // namespace midge::server
