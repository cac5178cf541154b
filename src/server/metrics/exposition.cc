#include "server/metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace midge::server {
namespace {

prometheus::MetricType type_of(Exposition::Kind kind) {
  switch (kind) {
    case Exposition::Kind::kCounter:
      return prometheus::MetricType::Counter;
    case Exposition::Kind::kHistogram:
      return prometheus::MetricType::Histogram;
    case Exposition::Kind::kGauge:
      break;
  }
  return prometheus::MetricType::Gauge;
}

prometheus::ClientMetric labelled(Exposition::Labels labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels)
    metric.label.push_back({std::string(name), std::string(value)});
  return metric;
}

}  // namespace

struct Exposition::Families {
  std::vector<prometheus::MetricFamily> all;
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {}
Exposition::~Exposition() = default;

void Exposition::family(std::string_view name, Kind kind, std::string_view help) {
  families_->all.push_back({std::string(name), std::string(help), type_of(kind), {}});
}

void Exposition::sample(double value, Labels labels) {
  prometheus::MetricFamily& family = families_->all.back();
  prometheus::ClientMetric metric = labelled(labels);
  (family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
      value;
  family.metric.push_back(std::move(metric));
}

void Exposition::histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                           double sum, std::initializer_list<Label> labels) {
  prometheus::ClientMetric metric = labelled(Labels(labels.begin(), labels.size()));
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    count += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({count, bound});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = sum;
  families_->all.back().metric.push_back(std::move(metric));
}

std::string Exposition::take() {
  return prometheus::TextSerializer().Serialize(std::exchange(families_->all, {}));
}

}  // namespace midge::server
