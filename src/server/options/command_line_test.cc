// Goal: the command line does what nats-server's does: actions, texts, exit status, and flags over
// file. Method: tables of command lines on files that exist only here.
#include "server/options/command_line.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "server/options/usage.h"

namespace midge::server {
namespace {

using Action = CommandLineResult::Action;

CommandLineResult run(const std::vector<std::string>& arguments) {
  static const std::map<std::string, std::string> kFiles{
      {"ok.conf", "port: -1\nhttp_port: -1\n"},
      {"full.conf",
       "listen: 127.0.0.1:4333\ndebug: true\ntrace: true\nlogtime: false\n"
       "server_name: file\nmax_traced_msg_len: 5\npid_file: f.pid\n"},
      {"warn.conf", "port: -1\nping_interval: 20\n"},
      {"note.conf", "prof_block_rate: 1\n"},
      {"bad.conf", "prof_port: 0\nfoo: 1\nbar: 2\n"},
      {"broken.conf", "a 1.x\nb {\n"},
      {"empty.conf", ""},
      {"env.conf", "port: $PORT\n"},
      {"cluster.conf", "cluster {\n listen: 1\n}\n"},
      {"pending.conf", "max_pending: 5\n"},
  };
  const conf::Sources sources{
      .read_file = [](const std::string& path) -> Result<std::string> {
        const auto file = kFiles.find(path);
        if (file != kFiles.end()) return file->second;
        return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
      },
      .environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PORT") return "5222";
        return std::nullopt;
      },
  };
  return parse_command_line(arguments, sources);
}

Options options_of(const std::vector<std::string>& arguments) {
  const CommandLineResult result = run(arguments);
  CHECK(result.action == Action::kRun);
  CHECK(result.err.empty());
  return result.options;
}

TEST_CASE("flags of logins: the token wins over the user") {
  const Options user = options_of({"--user", "a", "--pass", "b"});
  CHECK(user.auth.single_user);
  REQUIRE(user.auth.users.size() == 1);
  CHECK(user.auth.users[0].user == "a");
  CHECK(user.auth.users[0].password == "b");
  CHECK(user.auth.users[0].place == "the command line");
  const Options token = options_of({"--user", "a", "--pass", "b", "--auth", "c"});
  CHECK(token.auth.token == "c");
  CHECK(token.auth.users.empty());
  CHECK(!token.auth.single_user);
  CHECK(!options_of({"--pass", "b"}).auth.required());
}

TEST_CASE("flags set options, in all their forms") {
  CHECK(options_of({}).port == 4222);
  CHECK(options_of({"-p", "5"}).port == 5);
  CHECK(options_of({"--p", "5"}).port == 5);
  CHECK(options_of({"--port=5"}).port == 5);
  CHECK(options_of({"-port", "0x10"}).port == 16);
  CHECK(options_of({"-p", "-1"}).port == -1);
  CHECK(options_of({"-p", "1", "-p", "2"}).port == 2);
  CHECK(options_of({"-p", "0"}).port == 4222);
  CHECK(options_of({"-a", "::"}).host == "::");
  CHECK(options_of({"--net", "h"}).host == "h");
  CHECK(options_of({"-a", ""}).host == "0.0.0.0");
  CHECK(options_of({"--name", "n"}).server_name == "n");
  CHECK(options_of({"--server_name=n"}).server_name == "n");
  CHECK(options_of({"--client_advertise", "a:1"}).client_advertise == "a:1");
  CHECK(options_of({"-P", "f"}).pid_file == "f");
  CHECK(options_of({"--ports_file_dir", "d"}).ports_file_dir == "d");
  CHECK(options_of({"-m", "8222"}).http_port == 8222);
  CHECK(options_of({"-ms", "8222"}).https_port == 8222);
  CHECK(options_of({"-l", "f"}).log_file == "f");
  CHECK(!options_of({"-T=false"}).logtime);
  CHECK(options_of({"--logtime_utc"}).logtime_utc);
  CHECK(options_of({"-s"}).syslog);
  CHECK(options_of({"-r", "udp://x"}).remote_syslog == "udp://x");
  CHECK(options_of({"--log_size_limit", "5"}).log_size_limit == 5);
  CHECK(options_of({"--max_traced_msg_len", "6"}).max_traced_msg_len == 6);
  CHECK(options_of({"--user", ""}).port == 4222);
  CHECK(options_of({"-js=false"}).port == 4222);
}

TEST_CASE("debug and trace") {
  const struct {
    const char* flag;
    bool debug, trace, trace_verbose;
  } cases[] = {{"-D", true, false, false},        {"--debug", true, false, false},
               {"-V", false, true, false},        {"-VV", false, true, true},
               {"-DV", true, true, false},        {"-DVV", true, true, true},
               {"-D=false", false, false, false}, {"-DV=false", false, false, false}};
  for (const auto& c : cases) {
    CAPTURE(c.flag);
    const Options options = options_of({c.flag});
    CHECK(options.debug == c.debug);
    CHECK(options.trace == c.trace);
    CHECK(options.trace_verbose == c.trace_verbose);
  }
}

TEST_CASE("flags win over the file") {
  const Options file = options_of({"-c", "full.conf"});
  CHECK(file.config_file == "full.conf");
  CHECK(file.config_digest.starts_with("sha256:"));
  CHECK(file.config_digest.size() == 71);
  CHECK(file.host == "127.0.0.1");
  CHECK(file.port == 4333);
  CHECK(file.debug);
  CHECK(!file.logtime);
  const Options both = options_of(
      {"-p", "5", "-c", "full.conf", "-D=false", "-T", "-n", "flag", "--max_traced_msg_len", "9"});
  CHECK(both.host == "127.0.0.1");
  CHECK(both.port == 5);
  CHECK(!both.debug);
  CHECK(both.trace);
  CHECK(both.logtime);
  CHECK(both.server_name == "flag");
  CHECK(both.max_traced_msg_len == 9);
  CHECK(both.pid_file == "f.pid");
  CHECK(options_of({"-c", "env.conf"}).port == 5222);
  CHECK(options_of({"-c", ""}).config_file.empty());
}

TEST_CASE("-t: the digest is the peer's") {
  const CommandLineResult result = run({"-t", "-c", "ok.conf"});
  CHECK(result.action == Action::kExit);
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "nats-server: configuration file ok.conf is valid "
        "(sha256:57d6bb4e734d280a214a1186298fc76fe6b7739a073043991d9a30d41973a64e)\n");
}

TEST_CASE("-t: notes do not fail it, warnings do, without -t neither") {
  const CommandLineResult note = run({"-t", "-c", "note.conf"});
  CHECK(note.status == 0);
  CHECK(note.err.ends_with(")\nnote.conf:1:0: \"prof_block_rate\" has no effect here\n"));
  const CommandLineResult warning = run({"-t", "-c", "warn.conf"});
  const std::string text =
      "warn.conf:2:1: invalid use of field \"ping_interval\": ping_interval should be converted to "
      "a duration\n";
  CHECK(warning.status == 1);
  CHECK(warning.err == "nats-server: " + text + "\n");
  const CommandLineResult started = run({"-c", "warn.conf"});
  CHECK(started.action == Action::kRun);
  CHECK(started.err == text);
  CHECK(run({"-c", "empty.conf"}).err == "empty.conf: config has no values or is empty\n");
  CHECK(run({"-t", "-c", "empty.conf"}).status == 1);
  const std::vector<std::string> notes{"note.conf:1:0: \"prof_block_rate\" has no effect here"};
  CHECK(run({"-c", "note.conf", "-sd", "x"}).notes == notes);
}

TEST_CASE("errors: prefix, text, one a line, status 1") {
  const struct {
    std::vector<std::string> arguments;
    const char* error;
  } cases[] = {
      {{"-t"}, "must specify [-c, --config] option to check configuration file syntax"},
      {{"-t", "-c", ""}, "must specify [-c, --config] option to check configuration file syntax"},
      {{"-c", "nope.conf"}, "open nope.conf: no such file or directory"},
      {{"-c", "bad.conf"},
       "bad.conf:2:1: unknown field \"foo\"\nbad.conf:3:1: unknown field \"bar\"\n"},
      {{"-c", "broken.conf"},
       "Parse error on line 1: 'Floats must have a digit after the '.', but got 'x' instead.' "
       "(broken.conf:1:4)\nParse error on line 3: 'Unexpected EOF processing map.' "
       "(broken.conf:3:1)"},
      {{"-c", "cluster.conf"}, "cluster.conf:1:0: \"cluster\" is not supported yet\n"},
      {{"-c", "pending.conf"}, "max_payload (1048576) cannot be higher than max_pending (5)"},
      {{"-n", "a b"}, "server name cannot contain spaces"},
      {{"foo"}, "unrecognized command: \"foo\""},
      {{"-p", "1", "foo", "bar"}, "unrecognized command: \"foo\""},
      {{"-"}, "unrecognized command: \"-\""},
      {{"--", "-p"}, "unrecognized command: \"-p\""},
      {{"--cluster", "nats://x"}, "flag -cluster is not supported yet"},
      {{"--tls"}, "TLS Server certificate must be present and valid"},
      {{"--tlsverify", "--tlscert", "c"}, "TLS Server private key must be present and valid"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.error);
    const CommandLineResult result = run(c.arguments);
    CHECK(result.action == Action::kExit);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(result.err == std::string("nats-server: ") + c.error + "\n");
    CHECK(result.error == std::string(c.error).substr(0, result.error.size()));
    CHECK(!result.error.empty());
  }
}

TEST_CASE("bad flags: Go's text, the usage, and status 1 where the peer has 0") {
  const struct {
    std::vector<std::string> arguments;
    const char* error;
  } cases[] = {
      {{"--bogus"}, "flag provided but not defined: -bogus"},
      {{"-bogus=5"}, "flag provided but not defined: -bogus"},
      {{"-p"}, "flag needs an argument: -p"},
      {{"-p", "abc"}, "invalid value \"abc\" for flag -p: parse error"},
      {{"-p", ""}, "invalid value \"\" for flag -p: parse error"},
      {{"-p", "08"}, "invalid value \"08\" for flag -p: parse error"},
      {{"-p", "1__0"}, "invalid value \"1__0\" for flag -p: parse error"},
      {{"-p", "_1"}, "invalid value \"_1\" for flag -p: parse error"},
      {{"-p", "99999999999999999999"},
       "invalid value \"99999999999999999999\" for flag -p: value out of range"},
      {{"-D=maybe"}, "invalid boolean value \"maybe\" for -D: parse error"},
      {{"---x"}, "bad flag syntax: ---x"},
      {{"-=5"}, "bad flag syntax: -=5"},
      {{"-v", "-p", "abc"}, "invalid value \"abc\" for flag -p: parse error"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.error);
    const CommandLineResult result = run(c.arguments);
    CHECK(result.status == 1);
    CHECK(result.out == usage_text());
    CHECK(result.err == std::string(c.error) + "\n");
  }
}

TEST_CASE("help and version, and what goes first") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"-h"}, {"--help"}, {"help"}, {"HELP"}, {"help", "foo"}, {"-h", "foo"}}) {
    CHECK(run(arguments).out == usage_text());
    CHECK(run(arguments).status == 0);
  }
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"-v"},
                                                                     {"--version"},
                                                                     {"version"},
                                                                     {"-v", "-h"},
                                                                     {"-v", "foo"},
                                                                     {"-c", "bad.conf", "-v"},
                                                                     {"-sl", "reload", "-v"},
                                                                     {"version", "foo"}}) {
    CHECK(run(arguments).out == version_text());
    CHECK(run(arguments).status == 0);
  }
  CHECK(run({"--help_tls"}).out == tls_help_text());
  CHECK(run({"--help_options"}).out == reference_text());
  CHECK(run({"--version=false"}).action == Action::kRun);
}

TEST_CASE("--signal") {
  const CommandLineResult reload = run({"--signal", "reload"});
  CHECK(reload.action == Action::kSignal);
  CHECK(reload.signal.command == "reload");
  CHECK(reload.signal.target.empty());
  const CommandLineResult stop = run({"-sl=stop=12*", "-c", "bad.conf"});
  CHECK(stop.signal.command == "stop");
  CHECK(stop.signal.target == "12*");
  CHECK(run({"-sl", ""}).action == Action::kRun);
}

}  // namespace
}  // namespace midge::server
