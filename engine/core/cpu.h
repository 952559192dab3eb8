#pragma once

#include <string_view>

namespace dmf {

/// The vector instructions this build was compiled to use, such as "AVX2 and FMA"; empty where
/// every processor of the kind has them.
///
/// A program that links this function checks at its start, before anything of ours runs, that the
/// processor has them; on one that does not it says so in one line and exits with status 1, where
/// it would have died of an illegal instruction.
std::string_view vector_instructions();

}  // namespace dmf
