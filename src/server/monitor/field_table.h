// Tables of JSON fields: an endpoint is a list of rows `name, where the value comes from`, in the
// order of output. The table is the endpoint's documentation, and whoever else serves it (system
// requests, the command line) walks the same rows.
//
//   constexpr Field<Varz> kFields[] = {
//       always<Varz, [](const Varz& v) { return v.cores; }>("cores"),
//       always<Varz, &Varz::name>("server_name"),
//       unless_empty<Varz, [](const Varz& v) { return v.tags_count; }>("tags"),
//       nested<Varz, [](JsonWriter& json, const Varz& v) { … }>("leaf"),
//   };
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "codec/json_writer.h"

namespace midge::server {

template <class Source>
struct Field {
  std::string_view name;
  void (*write)(codec::JsonWriter& json, std::string_view name, const Source& source);
};

template <class Source, auto Get>
constexpr Field<Source> always(std::string_view name) {
  return {name, [](codec::JsonWriter& json, std::string_view key, const Source& source) {
            json.field(key, std::invoke(Get, source));
          }};
}

// Left out where the value is "", 0 or false, as Go's omitempty does.
template <class Source, auto Get>
constexpr Field<Source> unless_empty(std::string_view name) {
  return {name, [](codec::JsonWriter& json, std::string_view key, const Source& source) {
            json.field_unless_empty(key, std::invoke(Get, source));
          }};
}

// `Write` writes one value of any shape.
template <class Source, auto Write>
constexpr Field<Source> nested(std::string_view name) {
  return {name, [](codec::JsonWriter& json, std::string_view key, const Source& source) {
            json.key(key);
            Write(json, source);
          }};
}

// The same, left out unless `Present` says so.
template <class Source, auto Present, auto Write>
constexpr Field<Source> nested_if(std::string_view name) {
  return {name, [](codec::JsonWriter& json, std::string_view key, const Source& source) {
            if (!Present(source)) return;
            json.key(key);
            Write(json, source);
          }};
}

// An object of all fields.
template <class Source>
void write_object(codec::JsonWriter& json, std::span<const Field<Source>> fields,
                  const Source& source) {
  json.begin_object();
  for (const Field<Source>& field : fields) field.write(json, field.name, source);
  json.end_object();
}

}  // namespace midge::server
