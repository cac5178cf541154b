#include "codec/json_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "codec/json_reader.h"

namespace midge::codec {
namespace {

// Go folds two letters beyond ASCII into it: the long s and the Kelvin sign.
std::string fold(std::string_view name) {
  std::string folded;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const std::string_view rest = name.substr(at);
    if (rest.starts_with("\u017F"))
      folded += 's', at += 1;
    else if (rest.starts_with("\u212A"))
      folded += 'k', at += 2;
    else if (rest[0] >= 'A' && rest[0] <= 'Z')
      folded += static_cast<char>(rest[0] - 'A' + 'a');
    else
      folded += rest[0];
  }
  return folded;
}

JsonType type_of(const JsonFields::Target& target) {
  if (std::holds_alternative<bool*>(target)) return JsonType::kBool;
  if (std::holds_alternative<int*>(target)) return JsonType::kInt;
  if (std::holds_alternative<std::string*>(target)) return JsonType::kString;
  return std::get<JsonType>(target);
}

template <class Integer>
bool fits(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool number_fits(JsonType type, std::string_view text) {
  switch (type) {
    case JsonType::kInt:
      return fits<std::int64_t>(text);
    case JsonType::kInt32:
      return fits<std::int32_t>(text);
    case JsonType::kUint8:
      return fits<std::uint8_t>(text);
    case JsonType::kUint64:
      return fits<std::uint64_t>(text);
    default:
      return false;
  }
}

class Filler final : public JsonVisitor {
 public:
  explicit Filler(const std::vector<JsonFields::Field>& fields) : fields_(fields) {}

  [[nodiscard]] const std::string& error() const { return error_; }

  bool null() override { return true; }

  bool boolean(bool truth) override {
    if (!wanted()) return expected_here("bool");
    if (type_of(*target_) != JsonType::kBool) return mismatch("bool");
    if (const auto* place = std::get_if<bool*>(target_)) **place = truth;
    return true;
  }

  bool number(std::string_view text) override {
    if (!wanted()) return expected_here("number");
    if (!number_fits(type_of(*target_), text)) return mismatch("number");
    if (const auto* place = std::get_if<int*>(target_)) {
      std::int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      using Limits = std::numeric_limits<int>;
      **place = static_cast<int>(std::clamp<std::int64_t>(number, Limits::min(), Limits::max()));
    }
    return true;
  }

  bool string(std::string_view text) override {
    if (!wanted()) return expected_here("string");
    if (type_of(*target_) != JsonType::kString) return mismatch("string");
    if (const auto* place = std::get_if<std::string*>(target_)) **place = text;
    return true;
  }

  bool begin_object() override {
    if (depth_ != 0) {
      if (!wanted()) {
        if (!expected_here("object")) return false;
      } else if (type_of(*target_) != JsonType::kObject) {
        return mismatch("object");
      }
    }
    ++depth_;
    return true;
  }
  bool end_object() override { return leave(); }

  bool begin_array() override {
    if (!wanted()) {
      if (!expected_here("array")) return false;
    } else if (type_of(*target_) != JsonType::kStrings) {
      return mismatch("array");
    } else {
      in_strings_ = true;
    }
    ++depth_;
    return true;
  }
  bool end_array() override {
    in_strings_ = false;
    return leave();
  }

  bool key(std::string_view name) override {
    if (depth_ != 1) return true;
    const std::string folded = fold(name);
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const auto& field) { return field.name == folded; });
    target_ = found == fields_.end() ? nullptr : &found->target;
    name_ = folded;
    return true;
  }

 private:
  // Whether the value that comes is that of a field we know.
  [[nodiscard]] bool wanted() const { return depth_ == 1 && target_ != nullptr; }

  // For values that are no field's: anything goes but at the top level and in an array of strings.
  bool expected_here(const char* found) {
    if (depth_ == 0) {
      error_ = std::string("json: cannot unmarshal ") + found + " into an object";
      return false;
    }
    if (!in_strings_ || std::string_view(found) == "string") return true;
    return mismatch(found);
  }

  bool mismatch(const char* found) {
    error_ = std::string("json: cannot unmarshal ") + found + " into field " + name_;
    return false;
  }

  bool leave() {
    --depth_;
    return true;
  }

  const std::vector<JsonFields::Field>& fields_;
  const JsonFields::Target* target_ = nullptr;
  std::string name_;
  std::string error_;
  unsigned depth_ = 0;
  bool in_strings_ = false;
};

}  // namespace

Result<void> JsonFields::read(std::string_view json) const {
  Filler filler(fields_);
  Result<void> result = read_json(json, filler);
  if (!result && !filler.error().empty()) return failure(filler.error(), ErrorCode::kInvalid);
  return result;
}

}  // namespace midge::codec
