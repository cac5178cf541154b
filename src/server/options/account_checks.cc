#include "server/options/account_checks.h"

#include <algorithm>
#include <string_view>

#include "broker/account_plan.h"
#include "server/options/quoted.h"
#include "subject/subject.h"
#include "subject/tokens.h"
#include "subject/transform.h"

namespace midge::server {
namespace {

using broker::AccountConfig;
using broker::ExportConfig;
using broker::ImportConfig;
using subject::Transform;

constexpr std::string_view kGlobalAccount = "$G";

const char* flow_name(bool is_service) { return is_service ? "service" : "stream"; }

std::string token_at(std::string_view text, int position) {
  for (int i = 1; !text.empty(); ++i) {
    const std::string_view token = text.substr(0, text.find('.'));
    if (i == position) return std::string(token);
    text.remove_prefix(std::min(text.size(), token.size() + 1));
  }
  return "";
}

// Whether some subject matches both.
bool overlap(std::string_view a, std::string_view b) {
  for (;;) {
    const std::string_view left = a.substr(0, a.find('.'));
    const std::string_view right = b.substr(0, b.find('.'));
    if (left == ">" || right == ">") return true;
    if (left != right && left != "*" && right != "*") return false;
    const bool left_ends = left.size() == a.size();
    const bool right_ends = right.size() == b.size();
    if (left_ends || right_ends) return left_ends && right_ends;
    a.remove_prefix(left.size() + 1);
    b.remove_prefix(right.size() + 1);
  }
}

// Where what is imported stands in the importing account, wildcards as `*`.
std::string local_subject(const ImportConfig& import) {
  if (!import.to.empty()) return subject::star_wildcards(import.to);
  if (import.prefix.empty() || import.is_service) return subject::star_wildcards(import.subject);
  const bool has_dot = import.prefix.ends_with('.');
  return import.prefix + (has_dot ? "" : ".") + import.subject;
}

class AccountChecks {
 public:
  explicit AccountChecks(const Options& options) : options_(options) {}

  std::vector<std::string> run() {
    for (const bool is_service : {false, true})
      for (const AccountConfig& account : options_.accounts) check_exports(account, is_service);
    for (const AccountConfig& account : options_.accounts) check_latencies(account);
    for (const bool is_service : {false, true})
      for (const AccountConfig& account : options_.accounts) check_imports(account, is_service);
    return std::move(errors_);
  }

 private:
  // An import that passed, and whose it is.
  struct Link {
    const AccountConfig* importer;
    const ImportConfig* import;
    std::string local;
  };

  // Null if it is not defined; `$G` can not be named.
  const AccountConfig* find(std::string_view name) const {
    if (name == kGlobalAccount) return nullptr;
    const auto found = std::ranges::find(options_.accounts, name, &AccountConfig::name);
    return found == options_.accounts.end() ? nullptr : &*found;
  }

  void check_exports(const AccountConfig& account, bool is_service) {
    const std::string flow = flow_name(is_service);
    for (const ExportConfig& exported : account.exports) {
      if (exported.is_service != is_service) continue;
      bool all_known = true;
      for (const std::string& name : exported.accounts) {
        if (find(name) != nullptr) continue;
        errors_.push_back(quoted(name) + " account not defined for " + flow + " export");
        all_known = false;
      }
      const int position = exported.account_token_position;
      if (all_known && position != 0 && token_at(exported.subject, position) != "*")
        errors_.push_back("Error adding " + flow + " export " + quoted(exported.subject) +
                          ": sublist: invalid subject");
    }
  }

  void check_latencies(const AccountConfig& account) {
    for (const ExportConfig& exported : account.exports) {
      if (!exported.latency) continue;
      const std::string context =
          "Error adding service latency sampling for " + quoted(exported.subject);
      if (options_.no_system_account && options_.system_account.empty())
        errors_.push_back(context + ": system account not setup");
      else if (!subject::is_valid_literal(exported.latency->subject) ||
               subject::matches(exported.latency->subject, exported.subject))
        errors_.push_back(context + " on subject " + quoted(exported.latency->subject) +
                          ": invalid publish subject");
    }
  }

  static bool is_authorized(const AccountConfig& exporter, const ImportConfig& import,
                            const std::string& importer) {
    const std::string imported = subject::star_wildcards(import.subject);
    return broker::find_export(exporter, import.is_service, imported, importer) != nullptr;
  }

  // Whether what `exporter` offers on `subject` comes, by way of other imports, from `origin`.
  bool comes_from(const AccountConfig& origin, std::string_view exporter, std::string_view subject,
                  bool is_service, std::vector<std::string_view>& visited) const {
    visited.push_back(exporter);
    for (const Link& link : links_) {
      const ImportConfig& import = *link.import;
      if (link.importer->name != exporter || import.is_service != is_service ||
          !overlap(link.local, subject))
        continue;
      if (import.account == origin.name ||
          std::ranges::find(visited, import.account) != visited.end() ||
          comes_from(origin, import.account, subject::star_wildcards(import.subject), is_service,
                     visited))
        return true;
    }
    visited.pop_back();
    return false;
  }

  // Why the transform of an import can not be, or nothing.
  static std::string transform_error(const ImportConfig& import) {
    if (import.to.empty() || subject::is_literal(import.subject)) return "";
    const auto made = Transform::compile(import.subject, subject::number_wildcards(import.to),
                                         Transform::Use::kImport);
    if (made) return "";
    const std::string& from = import.is_service ? import.to : import.subject;
    const std::string& to = import.is_service ? import.subject : import.to;
    return "failed to create mapping transform for " + std::string(flow_name(import.is_service)) +
           " import subject from " + quoted(from) + " to " + quoted(to) + ": " +
           made.error().text();
  }

  bool exists_already(const AccountConfig& account, const ImportConfig& import) const {
    return std::ranges::any_of(links_, [&](const Link& link) {
      return link.importer == &account && link.import->is_service == import.is_service &&
             link.import->account == import.account && link.import->subject == import.subject;
    });
  }

  std::string stream_error(const AccountConfig& account, const AccountConfig& exporter,
                           const ImportConfig& import) const {
    if (!is_authorized(exporter, import, account.name)) return "stream import not authorized";
    if (!subject::is_literal(import.prefix))
      return "stream import prefix can not contain wildcard tokens";
    if (std::string text = transform_error(import); !text.empty()) return text;
    std::vector<std::string_view> visited;
    if (comes_from(account, exporter.name, import.subject, false, visited))
      return "import forms a cycle";
    return exists_already(account, import) ? "stream import already exists" : "";
  }

  std::string service_error(const AccountConfig& account, const AccountConfig& exporter,
                            const ImportConfig& import) const {
    if (!subject::is_valid(import.subject) || (!import.to.empty() && !subject::is_valid(import.to)))
      return "sublist: invalid subject";
    if (!is_authorized(exporter, import, account.name)) return "service import not authorized";
    if (std::string text = transform_error(import); !text.empty()) return text;
    std::vector<std::string_view> visited;
    const std::string imported = subject::star_wildcards(import.subject);
    return comes_from(account, exporter.name, imported, true, visited) ? "import forms a cycle"
                                                                       : "";
  }

  void check_imports(const AccountConfig& account, bool is_service) {
    const std::string flow = flow_name(is_service);
    for (const ImportConfig& import : account.imports) {
      if (import.is_service != is_service) continue;
      const AccountConfig* exporter = find(import.account);
      if (exporter == nullptr) {
        errors_.push_back(quoted(import.account) + " account not defined for " + flow + " import");
        continue;
      }
      const std::string text = is_service ? service_error(account, *exporter, import)
                                          : stream_error(account, *exporter, import);
      if (text.empty())
        links_.push_back({&account, &import, local_subject(import)});
      else
        errors_.push_back("Error adding " + flow + " import " + quoted(import.subject) + ": " +
                          text);
    }
  }

  const Options& options_;
  std::vector<Link> links_;
  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> account_errors(const Options& options) {
  return AccountChecks(options).run();
}

}  // namespace midge::server
