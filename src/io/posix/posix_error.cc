#include "io/posix/posix_error.h"

#include <cerrno>
#include <cstring>

namespace midge::io {

std::string system_text(int error) {
  const char* description = strerrordesc_np(error);  // a constant: thread-safe, not translated
  std::string text = description == nullptr ? "errno " + std::to_string(error) : description;
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

ErrorCode system_code(int error) {
  switch (error) {
    case ENOENT:
    case ESRCH:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kExists;
    case EINVAL:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return ErrorCode::kInvalid;
    case EADDRINUSE:
      return ErrorCode::kInUse;
    case EACCES:
    case EPERM:
      return ErrorCode::kPermission;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kNoSpace;
    case EPIPE:
    case ECONNRESET:
      return ErrorCode::kClosed;
    case EFBIG:
      return ErrorCode::kTooLarge;
    case EIO:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kOther;
  }
}

std::unexpected<Error> system_failure(std::string_view context, int error) {
  return failure(std::string(context) + ": " + system_text(error), system_code(error));
}

}  // namespace midge::io
