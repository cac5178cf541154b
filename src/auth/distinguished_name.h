// Names of certificates' subjects as RFC 4514 writes them, `CN=alice,OU=a+OU=b,O=Midge`, and when
// two of them are the same. Plain values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midge::auth {

class DistinguishedName {
 public:
  // Nothing if `text` is no such name, or has values in DER (`=#…`).
  static std::optional<DistinguishedName> parse(std::string_view text);

  // Part by part. The case of types (`cn`) and the order inside a part do not matter.
  bool operator==(const DistinguishedName&) const = default;
  // The same parts in whatever order.
  [[nodiscard]] bool has_parts_of(const DistinguishedName& other) const;

 private:
  struct Attribute {
    std::string type;  // in upper case
    std::string value;
    auto operator<=>(const Attribute&) const = default;
  };
  using Part = std::vector<Attribute>;  // sorted
  std::vector<Part> parts_;
};

}  // namespace midge::auth
