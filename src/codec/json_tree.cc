#include "codec/json_tree.h"

#include <charconv>
#include <limits>

#include "base/ascii.h"
#include "codec/json_reader.h"

namespace midge::codec {
namespace {

// A tree is taken down recursively, by threads of small stacks.
constexpr std::size_t kDepthMax = 128;

class TreeBuilder final : public JsonVisitor {
 public:
  JsonValue root;
  bool is_too_deep = false;

  bool null() override { return add({}), true; }
  bool boolean(bool truth) override { return add({JsonValue::Type::kBool, truth}), true; }
  bool number(std::string_view text) override {
    return add({JsonValue::Type::kNumber, false, std::string(text)}), true;
  }
  bool string(std::string_view text) override {
    return add({JsonValue::Type::kString, false, std::string(text)}), true;
  }
  bool begin_object() override { return open(JsonValue::Type::kObject); }
  bool end_object() override { return close(); }
  bool begin_array() override { return open(JsonValue::Type::kArray); }
  bool end_array() override { return close(); }
  bool key(std::string_view name) override {
    key_ = name;
    return true;
  }

 private:
  // A pointer to a container stays good while it is open: its siblings come after it is closed.
  JsonValue* add(JsonValue value) {
    if (open_.empty()) return &(root = std::move(value));
    JsonValue& parent = *open_.back();
    if (parent.type == JsonValue::Type::kArray) return &parent.items.emplace_back(std::move(value));
    parent.members.push_back({std::move(key_), std::move(value)});
    return &parent.members.back().value;
  }
  bool open(JsonValue::Type type) {
    is_too_deep = open_.size() == kDepthMax;
    if (is_too_deep) return false;
    open_.push_back(add({type}));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<JsonValue*> open_;
  std::string key_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const JsonValue* found = nullptr;
  for (const auto& [key, value] : members)
    if (value.type != Type::kNull && equal_ignoring_case(key, name)) found = &value;
  return found;
}

std::optional<std::int64_t> JsonValue::integer() const {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (type != Type::kNumber) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

Result<JsonValue> read_json_tree(std::string_view json) {
  TreeBuilder builder;
  const Result<void> read = read_json(json, builder);
  if (builder.is_too_deep) return failure("JSON: exceeded max depth", ErrorCode::kInvalid);
  TRY(read);
  return std::move(builder.root);
}

JsonReader::JsonReader(const JsonValue* object, std::string_view path)
    : object_(object), path_(path) {
  if (object_ == nullptr || object_->type == JsonValue::Type::kNull) {
    object_ = nullptr;
  } else if (object_->type != JsonValue::Type::kObject) {
    error_ = "json: not an object" + (path_.empty() ? "" : ": " + path_);
    object_ = nullptr;
  }
}

const JsonValue* JsonReader::typed(std::string_view name, JsonValue::Type type) {
  const JsonValue* value = object_ == nullptr ? nullptr : object_->find(name);
  if (value == nullptr || value->type == type) return value;
  mismatch(name);
  return nullptr;
}

void JsonReader::mismatch(std::string_view name) {
  if (!error_.empty()) return;
  error_ = "json: wrong type of field ";
  if (!path_.empty()) error_ += path_ + ".";
  error_ += name;
}

JsonReader& JsonReader::read(std::string_view name, std::string& target) {
  if (const JsonValue* value = typed(name, JsonValue::Type::kString)) target = value->text;
  return *this;
}

JsonReader& JsonReader::read(std::string_view name, bool& target) {
  if (const JsonValue* value = typed(name, JsonValue::Type::kBool)) target = value->truth;
  return *this;
}

JsonReader& JsonReader::read(std::string_view name, std::int64_t& target) {
  const JsonValue* value = typed(name, JsonValue::Type::kNumber);
  if (value == nullptr) return *this;
  if (const auto number = value->integer())
    target = *number;
  else
    mismatch(name);
  return *this;
}

JsonReader& JsonReader::read(std::string_view name, int& target) {
  std::int64_t number = target;
  read(name, number);
  using Limits = std::numeric_limits<int>;
  target = static_cast<int>(std::clamp<std::int64_t>(number, Limits::min(), Limits::max()));
  return *this;
}

JsonReader& JsonReader::read(std::string_view name, std::vector<std::string>& target) {
  const JsonValue* list = typed(name, JsonValue::Type::kArray);
  if (list == nullptr) return *this;
  target.clear();
  for (const JsonValue& item : list->items) {
    if (item.type != JsonValue::Type::kString && item.type != JsonValue::Type::kNull)
      mismatch(name);
    target.push_back(item.text);
  }
  return *this;
}

JsonReader& JsonReader::check(const Result<void>& result) {
  if (!result && error_.empty()) error_ = result.error().text();
  return *this;
}

Result<void> JsonReader::done() const {
  if (error_.empty()) return {};
  return failure(error_, ErrorCode::kInvalid);
}

}  // namespace midge::codec
