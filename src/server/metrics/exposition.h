// Metrics as Prometheus reads them: families of samples with labels, written as text.
//
//   Exposition out;
//   out.family("midge_connections", Kind::kGauge, "Connections of clients, now");
//   out.sample(3);
//   out.take();
//
// A thin wall around prometheus-cpp's model and serializer, so that its headers stay in one file.
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midge::server {

class Exposition {
 public:
  enum class Kind : std::uint8_t { kGauge, kCounter, kHistogram };
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::span<const Label>;

  Exposition();
  ~Exposition();

  // What follows are its samples. Each family comes once.
  void family(std::string_view name, Kind kind, std::string_view help);
  void sample(double value, Labels labels = {});
  void sample(double value, std::initializer_list<Label> labels) {
    sample(value, Labels(labels.begin(), labels.size()));
  }
  // `counts`: of values up to each of `bounds`, then of all beyond.
  void histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum,
                 std::initializer_list<Label> labels);

  [[nodiscard]] std::string take();

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace midge::server
