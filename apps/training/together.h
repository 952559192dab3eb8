#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "apps/evaluation/evaluation.h"
#include "apps/options/options.h"
#include "apps/processes/processes.h"

namespace dmf {

// What the processes of one training agree on, beside the steps themselves.

/// problem  of this process, empty without one
/// throws   IoError with the first of all processes' problems, naming its process unless it is the first
void throw_first_problem(Processes& processes, const std::string& problem);

/// Does what may fail in one process and not in another, the data being on its own disk.
///
/// task    makes no call of Processes
/// throws  in all processes what the first one threw that failed, naming it unless it is the first
template <class Task>
void do_in_all(Processes& processes, const Task& task) {
  std::string problem;
  try {
    task();
  } catch (const std::exception& error) {
    if (processes.count() == 1) throw;
    problem = *error.what() == '\0' ? "unknown trouble" : error.what();
  }
  throw_first_problem(processes, problem);
}

/// throws  ValueError where so many processes cannot share --shards, or another option does not go with
///         them
void check_shards(const TrainOptions& options, int processes);

/// images  of an epoch
/// throws  ValueError where a batch of theirs cannot be cut into --shards
void check_batches(const TrainOptions& options, Index images);

/// One thing that all processes must have alike before they begin.
struct Common {
  std::string what;  // "the data"
  std::string value;
};

/// Compares what each process has with what the first has.
///
/// throws  ValueError naming the first process that has something else, and what
void require_common(Processes& processes, const std::vector<Common>& things);

/// The program's own bytes and the vectors that it computes with: what decides on the last bit of a
/// result.
Common this_program();

/// The largest signal that any process was asked to stop by, 0 where none was: the same in all.
int agreed_stop(Processes& processes);

/// throws  DeviceError naming the first process whose parameters or buffers are not the first's
///
/// step  that was made last
void require_same_parameters(Processes& processes, const Network<float>& network,
                             std::int64_t step);

/// Scores of images that the processes share out batch by batch: the same in all of them, and as one
/// process has them.
///
/// loss    of a batch's logits
/// return  images without distances and reliability; the losses of all batches, each times its images, added in
///         their order
struct SharedEvaluation {
  Evaluation scores;
  double loss_sum = 0.0;
};
SharedEvaluation evaluate_together(
    Processes& processes, const Predictor& predictor, const SampleSet& samples,
    const std::vector<std::size_t>& items, EvaluationOptions options,
    const std::function<double(const Variable<float>& logits, const Batch& batch)>& loss);

}  // namespace dmf
