// What the options say of the log.
#pragma once

#include "io/posix/log_writer.h"
#include "server/options/options.h"

namespace midge::server {

inline io::LogOptions log_options_of(const Options& options) {
  io::LogOptions log;
  log.logtime = options.logtime;
  log.logtime_utc = options.logtime_utc;
  log.json = options.log_json;
  log.debug = options.debug;
  log.trace = options.trace;
  log.log_file = options.log_file;
  log.log_size_limit = options.log_size_limit;
  log.log_max_num = options.log_max_num;
  log.syslog = options.syslog;
  log.remote_syslog = options.remote_syslog;
  return log;
}

}  // namespace midge::server
