// Permissions of a role, filled in for one user: `{{name()}}`, `{{subject()}}`,
// `{{account-name()}}`, `{{account-subject()}}`, `{{tag(x)}}`, `{{account-tag(x)}}`.
//
// A tag with several values makes a rule for each. A rule that is no subject once it is filled in,
// also for want of a value, is dropped if it allows and refuses the login if it denies: what is
// allowed shrinks, what is denied never does. Rules that stay as they were written are not touched.
#pragma once

#include "auth/jwt/claims.h"
#include "base/result.h"

namespace midge::auth::jwt {

inline constexpr std::size_t kTemplateRulesMax = 4096;  // that tags may make, over all lists

// Errors: an unknown function, too many rules, a deny rule that is no subject.
Result<ClaimedPermissions> fill_in(const ClaimedPermissions& permissions, const Head& user,
                                   const Head& account);

}  // namespace midge::auth::jwt
