// midge-server: the command line around midge::server.
#include <cstdio>
#include <string>
#include <vector>

#include "io/posix/log_writer.h"
#include "io/posix/posix_code_pages.h"
#include "io/posix/posix_env.h"
#include "server/log_options.h"
#include "server/options/command_line.h"
#include "server/options/signal_command.h"
#include "server/server.h"

namespace {

using midge::server::CommandLineResult;
using midge::server::log_options_of;
using midge::server::Options;
using midge::server::parse_command_line;
using midge::server::Server;
using midge::server::sources_of;

void print(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

// What signals ask of the running server.
class SignalDesk final : public midge::io::SignalEvents {
 public:
  SignalDesk(midge::io::LogWriter& log, std::vector<std::string> arguments,
             midge::conf::Sources sources)
      : log_(log), arguments_(std::move(arguments)), sources_(std::move(sources)) {}
  void serve(Server& server) { server_ = &server; }

  void on_signal(midge::io::Signal signal) override {
    using midge::io::Signal;
    switch (signal) {
      case Signal::kInterrupt:
        log_.info("Trapped \"interrupt\" signal");
        return server_->shut_down();
      case Signal::kTerminate:
        log_.info("Trapped \"terminated\" signal");
        if (!lame_) server_->shut_down();
        return;
      case Signal::kUser1:
        log_.info("Trapped \"user defined signal 1\" signal");
        return log_.reopen();
      case Signal::kUser2:
        log_.info("Trapped \"user defined signal 2\" signal");
        lame_ = true;
        return server_->enter_lame_duck_mode();
      case Signal::kHangup:
        log_.info("Trapped \"hangup\" signal");
        (void)reload();  // it has logged what failed
        return;
    }
  }

  midge::Result<void> reload() {
    CommandLineResult again = parse_command_line(arguments_, sources_);
    midge::Result<void> done;
    if (again.action != CommandLineResult::Action::kRun) {
      done = midge::failure(again.error);
    } else if (again.options.config_file.empty()) {
      done = midge::failure("can only reload config when a file is provided using -c or --config");
    } else {
      const std::string digest = again.options.config_digest;
      const midge::io::LogOptions log = log_options_of(again.options);
      done = server_->reload(std::move(again.options), [&log = log_, digest] {
        log.info("Reloaded server configuration (" + digest + ")");
      });
      if (done) done = log_.configure(log);
    }
    if (!done) log_.error("Failed to reload server configuration: " + done.error().text());
    return done;
  }

 private:
  midge::io::LogWriter& log_;
  std::vector<std::string> arguments_;
  midge::conf::Sources sources_;
  Server* server_ = nullptr;
  bool lame_ = false;
};

int fail(midge::io::LogWriter* log, const std::string& text) {
  if (log != nullptr) {
    log->fatal(text);
    log->flush();
  } else {
    print(stderr, "nats-server: " + text + "\n");
  }
  return 1;
}

int run(midge::io::Env& env, CommandLineResult command, std::vector<std::string> arguments) {
  auto made = midge::io::make_log_writer(log_options_of(command.options));
  if (!made) return fail(nullptr, made.error().text());
  midge::io::LogWriter& log = **made;

  SignalDesk signals(log, std::move(arguments), sources_of(env.disk(), env.process()));
  auto server = Server::create(env, log, std::move(command.options));
  if (!server) return fail(&log, server.error().text());
  for (const std::string& note : command.notes) log.warn(note);
  signals.serve(**server);
  (*server)->watch_signals(signals);
  (*server)->on_reload_request([&signals] { return signals.reload(); });
  (*server)->go();
  midge::io::drop_code_pages();
  (*server)->wait();
  log.info("Server Exiting..");
  log.flush();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto env = midge::io::make_posix_env({.argv0 = argv[0]});
  std::vector<std::string> arguments(argv + 1, argv + argc);
  CommandLineResult command =
      parse_command_line(arguments, sources_of(env->disk(), env->process()));
  print(stdout, command.out);
  print(stderr, command.err);
  switch (command.action) {
    case CommandLineResult::Action::kExit:
      return command.status;
    case CommandLineResult::Action::kSignal:
      if (auto sent = run_signal(command.signal, env->disk(), env->process()); !sent) {
        print(stderr, "nats-server: " + sent.error().text() + "\n");
        return 1;
      }
      return 0;
    case CommandLineResult::Action::kRun:
      return run(*env, std::move(command), std::move(arguments));
  }
  return 1;
}
