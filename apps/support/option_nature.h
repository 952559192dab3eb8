#pragma once

#include <string>

namespace dmf {

/// What an option bears on.
enum class BearsOn {
  result,  // the numbers that come out: it is part of what defines a run
  split,   // which image is in which part, and nothing else: split.csv says what came of it
  place,   // where the data lie
  pace,    // how fast, how safely, with how much memory
  view,    // what is shown or kept beside the result
};

/// What may be done with an option. One that says nothing of itself defines a run, stays as it is
/// when the run goes on, and may vary in a grid; so do all Settings.
struct Nature {
  BearsOn bears_on = BearsOn::result;
  bool may_change_on_resume = false;
  bool may_vary =
      true;  // in a grid: else it is the same in all, or names a configuration or repetition
  bool is_path = false;  // kept absolute in a run's configuration
  // What its text stands for, which is what a configuration holds, so that a name in it may come to
  // mean something else; throws ValueError for a text that the option would not take.
  std::string (*in_full)(const std::string& text) = nullptr;
};

}  // namespace dmf
