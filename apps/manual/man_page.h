#pragma once

#include <string>
#include <vector>

#include "apps/manual/program_page.h"

namespace dmf {

/// The manual page "dmf-NAME(1)" of a program, in the language of man(7): the program and its
/// subcommands with every option.
///
/// pages  as pages_of() gives them
std::string man_page(const std::vector<ProgramPage>& pages);

/// "dmf(1)", which names the others.
///
/// usage     what `dmf` alone prints
/// programs  their names
std::string man_page_of_all(const std::string& usage, const std::vector<std::string>& programs);

}  // namespace dmf
