// Rules of subjects: tokens separated by dots, `*` and `>` as whole tokens.
// Pure functions; any thread.
#pragma once

#include <string_view>

namespace midge::subject {

// A subject that may be subscribed to: no empty token, no white space, `>` only as last token.
bool is_valid(std::string_view subject);
// Valid, and without wildcard tokens: fit for publishing.
bool is_valid_literal(std::string_view subject);
// Has no token that is exactly `*` or `>` (`foo*` is literal). Assumes nothing about validity.
bool is_literal(std::string_view subject);
// Whether messages on the literal `subject` reach a subscription to `pattern`.
bool matches(std::string_view subject, std::string_view pattern);
// Whether every subject that `inner` matches, `outer` matches too (both may hold wildcards).
bool is_subset(std::string_view inner, std::string_view outer);
// Whether some subject reaches subscriptions to both.
bool overlaps(std::string_view a, std::string_view b);
std::size_t token_count(std::string_view subject);

}  // namespace midge::subject
