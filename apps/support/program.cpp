#include "apps/support/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <latch>
#include <new>
#include <optional>
#include <regex>
#include <system_error>
#include <thread>

#include "apps/support/common_options.h"
#include "apps/support/console.h"
#include "apps/support/help.h"
#include "apps/support/machine_limits.h"
#include "apps/support/option_values.h"
#include "apps/support/output_streams.h"
#include "apps/support/signals.h"
#include "apps/support/spinning.h"
#include "apps/support/version.h"
#include "apps/support/within_memory.h"
#include "engine/core/check.h"
#include "engine/core/instruction_set.h"
#include "engine/core/parallel.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace dmf {
namespace {

/// Images come and go by the megabyte, and pages that the system has taken back cost more to get again
/// than most of what is done to them.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kKept = 32 << 20;  // the most that may be set
  mallopt(M_MMAP_THRESHOLD, kKept);
  mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

/// One line, whatever the text: a file name may hold anything.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

using Clock = std::chrono::steady_clock;

/// "3.2 s, at most 120 MB of memory"
std::string describe_effort(double seconds) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return fmt::format("{:.1f} s, at most {} MB of memory", seconds, used.ru_maxrss / 1024);
}

/// What is said of the first word that the program does not know.
std::string unknown_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  const auto is_option = [](const std::string& word) { return word.starts_with("--"); };
  const auto option = std::find_if(words.begin(), words.end(), is_option);
  if (option == words.end()) {
    std::vector<std::string> commands;
    for (const CLI::App* each : app.get_subcommands({})) commands.push_back(each->get_name());
    const std::string nearest = nearest_name(words.front(), commands);
    return fmt::format("'{}' is not expected here{}", words.front(),
                       nearest.empty() ? "" : ": did you mean " + nearest + "?");
  }
  std::vector<std::string> names;
  for (const CLI::App* each = &app; each != nullptr;) {
    for (const CLI::Option* known : each->get_options()) {
      for (const std::string& name : known->get_lnames()) names.push_back(name);
    }
    const auto chosen = each->get_subcommands();
    each = chosen.empty() ? nullptr : chosen.front();
  }
  const std::string name = option->substr(2, option->find('=') - 2);
  const std::string nearest = nearest_name(name, names);
  return fmt::format("--{} is no option{}", name,
                     nearest.empty() ? "" : ": did you mean --" + nearest + "?");
}

/// What is wrong with a command line, in our words.
std::string usage_problem(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unknown_word(app);
  const std::string text = one_line(error.what());
  std::smatch match;
  if (std::regex_match(text, match, std::regex("(\\S+): At Most 1 required but received (.*)"))) {
    return fmt::format("{} is given {} times: expected once", match[1].str(), match[2].str());
  }
  if (std::regex_match(text, match, std::regex("(\\S+): 1 required .* missing"))) {
    return match[1].str() + " needs a value";
  }
  return text;
}

/// Where a standard stream is closed, the next file opened would take its number, and what is
/// printed would go into that file. Reading nothing and failing to write is what is wanted.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) == -1) ::open("/dev/null", O_RDONLY);
  }
}

/// Without an option one thread for each core that this process may use: OpenMP knows its affinity,
/// not its control group.
void limit_threads() {
  if (std::getenv("OMP_NUM_THREADS") == nullptr) {
    set_num_threads(std::min(num_threads(), usable_cores()));
  }
}

/// Starts the threads that will compute, while what is wrong with them can be said: OpenMP ends the
/// process where it cannot have them.
void start_threads() {
  const int threads = num_threads(), cores = usable_cores();
  if (threads > cores) {
    warn(fmt::format("warning: {} threads, and this process may use {} core{}: more threads than "
                     "cores wait for each other (--threads {})",
                     threads, cores, cores == 1 ? "" : "s", cores),
         WarningAbout::command);
  }
  std::latch all_asked(1);
  std::vector<std::jthread> trial;
  std::string problem;
  try {
    while (trial.size() + 1 < static_cast<std::size_t>(threads)) {
      trial.emplace_back([&all_asked] { all_asked.wait(); });
    }
  } catch (const std::system_error& error) {
    problem = error.code().message();
  }
  all_asked.count_down();
  trial.clear();
  DMF_CHECK(problem.empty(), DeviceError,
            "[threads] cannot start {} threads: {}. Fewer (--threads) may do.", threads, problem);
  parallel_for(threads, [](Index) {});
}

}  // namespace

int run_program(CLI::App& app, const Call& call, const std::function<int()>& body) {
  Speech speech;
  add_speech_options(app, speech);
  app.set_version_flag(
      "--version", [&app] { return describe_build(app.get_name()); },
      "Print the version and what was built in");
  use_help_text(app);
  if (call.reader) {
    call.reader(app);
    return 0;
  }
  bound_spinning(call.argv);
  note_call(call);
  keep_freed_memory();
  occupy_standard_streams();
  limit_threads();
  if (call.words > 1) app.name("dmf " + app.get_name());
  try {
    app.parse(call.argc - (call.words - 1), call.argv + (call.words - 1));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::CallForAllHelp&) {
    fmt::print("{}", app.help("", CLI::AppFormatMode::All));
    return 0;
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}: {} (see --help)\n", app.get_name(), usage_problem(app, error));
    return 2;
  }
  const Clock::time_point start = Clock::now();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may grow no further is an error like a full disk
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a log file shows each line as it comes
  std::optional<OutputStreams> streams;
  std::string problem;
  try {
    streams.emplace(!speech.quiet && !is_json_wanted(), speech.log);
    if (speech.verbose) {
      fmt::print(stderr, "{}\n{}\n", call.command_line(), describe_build(app.get_name()));
    }
    start_threads();
    const int status =
        within_memory("beside the work on images", "The program itself needs more", body);
    if (speech.verbose) {
      fmt::print(stderr, "{}: {}\n", app.get_name(),
                 describe_effort(std::chrono::duration<double>(Clock::now() - start).count()));
    }
    return status;
  } catch (const DryRunEnd&) {
    return 0;
  } catch (const Interrupted& stop) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", app.get_name(), one_line(stop.what()));
    return 128 + stop.signal();
  } catch (const std::bad_alloc&) {
    std::fflush(stdout);
    say_out_of_memory();
    return 1;
  } catch (const std::exception& error) {
    problem = one_line(error.what());
  }
  std::fflush(stdout);  // so that the error is the last line
  fmt::print(stderr, "{}: {}\n", app.get_name(), problem);
  return 1;
}

void add_processor_options(CLI::App& app) {
  app.add_option_function<int>(
         "--threads",
         [](const int& threads) {
           if (threads > 0) set_num_threads(threads);
         },
         "Threads to compute with; 0: one for each core it may use. Results do not depend on it")
      ->check(whole_number(0, 1024))
      ->type_name("N")
      ->default_str("0")
      ->configurable(false);
  app.add_option_function<std::string>(
         "--isa",
         [](const std::string& name) {
           use_instruction_set(entry_named(usable_instruction_sets(), name, "isa").value);
         },
         "Instruction set of the CPU's kernels, of those that were built in and this processor has: " +
             help_of(usable_instruction_sets()) + ". Results differ between them in the last bits")
      ->check(one_of(names_of(usable_instruction_sets())))
      ->default_str(std::string(instruction_set().name))
      ->configurable(false);
}

Compute DeviceChoice::compute() const {
  return {Device::parse(device), entry_named(kMatmulPrecisions, precision, "precision").value};
}

std::vector<CLI::Option*> add_device_options(CLI::App& app, DeviceChoice& choice) {
  return {app.add_option("--device", choice.device,
                         "Where to compute: cpu, cuda or cuda:1; reference: the CPU by the plain "
                         "kernels, slow, to be read and stepped through")
              ->capture_default_str(),
          app.add_option("--precision", choice.precision,
                         "How cuda multiplies matrices: " + help_of(kMatmulPrecisions))
              ->check(one_of(names_of(kMatmulPrecisions)))
              ->capture_default_str()};
}

void warn_where_idle(const CLI::App& app, const std::string& option, bool is_idle,
                     const std::string& reason) {
  if (!is_idle || app.count(option) == 0) return;
  warn(fmt::format("warning: {} has no effect {}", option, reason));
}

std::string describe_kernels() {
  const InstructionSetFacts& set = instruction_set();
  return fmt::format("{} ({})", set.name, set.help);
}

std::string describe_machine() {
  return fmt::format(
      "{} thread{}, {}-bit vectors, kernels {}, OpenMP {}", num_threads(),
      num_threads() == 1 ? "" : "s", instruction_set().vector_bits, describe_kernels(),
      openmp_enabled() ? "on" : "off (warning: built without it, so one core works)");
}

std::string describe_build(const std::string& program) {
  return fmt::format("{} {}{}\n{}\noptional parts: {}", program, kVersion,
                     kCommit.empty() ? "" : fmt::format(", commit {}", kCommit), describe_machine(),
                     kOptionalParts);
}

}  // namespace dmf
