#include "jetstream/config/source_checks.h"

#include <algorithm>

#include "subject/subject.h"
#include "subject/transform.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;
using subject::Transform;

// Mirrors and sources go through the same checks, with errors of their own.
struct Codes {
  ApiErrorCode name, several, source, destination, overlap, consumer;
  bool is_mirror;
};
constexpr Codes kMirror{kMirrorInvalidStreamName,
                        kMirrorMultipleFiltersNotAllowed,
                        kMirrorInvalidSubjectFilter,
                        kMirrorInvalidTransformDestination,
                        kMirrorOverlappingSubjectFilters,
                        kMirrorDurableConsumerCfgInvalid,
                        true};
constexpr Codes kSource{kSourceInvalidStreamName,
                        kSourceMultipleFiltersNotAllowed,
                        kSourceInvalidSubjectFilter,
                        kSourceInvalidTransformDestination,
                        kSourceOverlappingSubjectFilters,
                        kSourceDurableConsumerCfgInvalid,
                        false};

bool is_stream_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" \t\r\n\f.*>/\\") == std::string_view::npos;
}

ApiResult<void> check_transforms(const SourceConfig& source, const Codes& codes) {
  for (std::size_t i = 0; i < source.transforms.size(); ++i) {
    const TransformConfig& transform = source.transforms[i];
    if (!transform.source.empty() && !subject::is_valid(transform.source))
      return api_failure(codes.source, {"invalid subject " + transform.source});
    const auto compiled =
        Transform::compile(transform.source, transform.destination, Transform::Use::kMapping);
    if (!subject::is_valid(subject::star_wildcards(transform.destination)) &&
        !transform.destination.empty())
      return api_failure(codes.destination, {"invalid mapping destination: invalid transform"});
    if (!transform.destination.empty() && !compiled)
      return api_failure(codes.destination, {compiled.error().text()});
    for (std::size_t j = 0; j < i; ++j)
      if (subject::overlaps(source.transforms[j].source, transform.source))
        return api_failure(codes.overlap);
  }
  return {};
}

ApiResult<void> check_external(const SourceConfig& source) {
  if (!source.external) return {};
  const ExternalConfig& external = *source.external;
  if (!external.deliver.empty() && !subject::is_literal(external.deliver))
    return api_failure(kStreamInvalidExternalDeliverySubj, {external.deliver});
  if (external.api == "$JS.API")
    return api_failure(kStreamExternalApiOverlap, {external.api, "$JS.API"});
  return {};
}

ApiResult<void> check_source(const SourceConfig& source, const Codes& codes) {
  if (!is_stream_name(source.name)) return api_failure(codes.name);
  if (!source.filter_subject.empty() && !source.transforms.empty())
    return api_failure(codes.several);
  if (!source.filter_subject.empty() && !subject::is_valid(source.filter_subject))
    return api_failure(kStreamCreate,
                       {"subject filter '" + source.filter_subject + "' for the " +
                        (codes.is_mirror ? "mirror" : "source:") + " invalid subject"});
  TRY(check_transforms(source, codes));
  TRY(check_external(source));
  if (source.consumer &&
      (!source.filter_subject.empty() || source.start_sequence > 0 || source.start_time ||
       source.consumer->name.empty() || source.consumer->deliver_subject.empty() ||
       !subject::is_valid_literal(source.consumer->deliver_subject)))
    return api_failure(codes.consumer);
  return {};
}

// Two sources are the same when nothing but where they begin tells them apart.
bool same_source(const SourceConfig& a, const SourceConfig& b) {
  const auto consumer = [](const SourceConfig& source) {
    return source.consumer ? source.consumer->name : std::string();
  };
  return consumer(a) == consumer(b) && a.name == b.name && a.filter_subject == b.filter_subject &&
         a.transforms == b.transforms && a.external == b.external;
}

// A consumer feeds one source.
bool same_consumer(const SourceConfig& a, const SourceConfig& b) {
  return a.consumer && b.consumer && a.consumer->name == b.consumer->name && a.name == b.name &&
         a.external == b.external;
}

}  // namespace

ApiResult<void> check_sources(const StreamConfig& config) {
  if (config.mirror) TRY(check_source(*config.mirror, kMirror));
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    TRY(check_source(config.sources[i], kSource));
    for (std::size_t j = 0; j < i; ++j) {
      if (same_source(config.sources[i], config.sources[j]))
        return api_failure(kSourceDuplicateDetected);
      if (same_consumer(config.sources[i], config.sources[j]))
        return api_failure(kSourceDurableConsumerDuplicateDetected);
    }
  }
  return {};
}

}  // namespace midge::jetstream
