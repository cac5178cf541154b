#include "histogram.h"

namespace midge::load {

double Histogram::percentile(double p) const {
  const auto wanted = static_cast<std::uint64_t>(p * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > wanted) {
      const std::uint64_t power = i >> kBits;
      return static_cast<double>(((i & ((1u << kBits) - 1)) + 1) << power);
    }
  }
  return static_cast<double>(max_);
}

Report Histogram::report() const {
  Report r;
  r.add("count", static_cast<double>(count_));
  r.add("p50_us", percentile(0.50) / 1000);
  r.add("p90_us", percentile(0.90) / 1000);
  r.add("p99_us", percentile(0.99) / 1000);
  r.add("p999_us", percentile(0.999) / 1000);
  r.add("max_us", static_cast<double>(max_) / 1000);
  return r;
}

}  // namespace midge::load
