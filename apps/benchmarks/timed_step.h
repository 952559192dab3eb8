#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/optim/optimizer.h"
#include "layers/networks/networks.h"
#include "losses/evaluate.h"

namespace dmf {

/// Which network, on how much: one fixed batch of random images and labels.
struct Workload {
  std::string model = "paper";
  int batch = 8;
  int image = 128;
};

/// A network with its batch and Adam, ready to be timed: a training step taken apart where the clock
/// is read, for any objective, also one without weights.
class TimedStep {
 public:
  using Objective = std::function<Variable<float>(const Variable<float>&, const Labels&)>;

  /// Milliseconds.
  struct Times {
    double forward, loss, backward, optimizer, total;
  };

  /// device  one whose work is done when a call returns: the CPU's fast kernels or the plain ones
  explicit TimedStep(const Workload& workload, Device device = Device::cpu());
  Times run(const Objective& objective);
  /// Inference from here on: evaluation mode, no gradients held.
  void stop_training();
  double infer() const;

  const Network<float>& network() const { return *network_; }

 private:
  std::unique_ptr<Network<float>> network_;
  Variable<float> input_;
  Labels labels_;
  std::unique_ptr<Optimizer<float>> optimizer_;
};

}  // namespace dmf
