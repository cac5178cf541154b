#include "server/options/findings.h"

#include <algorithm>

namespace midge::server {
namespace {

std::vector<std::string> in_file_order(std::vector<Finding> findings) {
  std::ranges::stable_sort(findings, {}, &Finding::order);
  std::vector<std::string> texts;
  for (Finding& finding : findings) texts.push_back(std::move(finding.text));
  return texts;
}

}  // namespace

bool Findings::has(Finding::Kind kind) const {
  return std::ranges::any_of(all_, [kind](const Finding& f) { return f.kind == kind; });
}

std::vector<std::string> Findings::errors_and_warnings() const {
  std::vector<Finding> chosen;
  std::ranges::copy_if(all_, std::back_inserter(chosen),
                       [](const Finding& f) { return f.kind != Finding::Kind::kNote; });
  return in_file_order(std::move(chosen));
}

std::vector<std::string> Findings::notes() const {
  std::vector<Finding> chosen;
  std::ranges::copy_if(all_, std::back_inserter(chosen),
                       [](const Finding& f) { return f.kind == Finding::Kind::kNote; });
  return in_file_order(std::move(chosen));
}

}  // namespace midge::server
