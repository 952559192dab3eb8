#pragma once

#include <string>
#include <vector>

#include "apps/manual/program_page.h"

namespace dmf {

/// The shells that completions are written for.
const std::vector<std::string>& completion_shells();

/// A script that completes what may follow `dmf` on a command line: programs, subcommands, options,
/// the words that an option takes, and else files.
///
/// shell  one of completion_shells()
/// pages  of every program and subcommand
/// words  what `dmf` takes beside programs: "help"
std::string completion(const std::string& shell, const std::vector<ProgramPage>& pages,
                       const std::vector<std::string>& words);

}  // namespace dmf
