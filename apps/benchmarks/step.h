#pragma once

#include <string>

namespace dmf {

struct StepBenchmark {
  std::string model = "paper";
  int batch = 8;
  int image = 128;
  int iterations = 7;
};

/// Times a training step (forward, cross-entropy, backward, Adam; one fixed batch, data not
/// counted) and inference of one of the two networks; medians after three warm-up rounds.
///
/// return  one JSON line, the keys of the PyTorch peer's with `parameters`, `train_step_ms`,
///         `inference_ms` and `peak_memory_mb` (the process's resident peak after training)
std::string run_step_benchmark(const StepBenchmark& benchmark);

}  // namespace dmf
