#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/autograd/named.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// What an optimiser must remember between runs: its moments, keyed "enc0.conv.weight.m", and how
/// many steps it has made.
template <class S>
struct OptimizerState {
  std::int64_t steps = 0;
  std::map<std::string, Tensor<S>> moments;
};

/// Updates parameters from their gradients. State is keyed by parameter name.
template <class S>
class Optimizer {
 public:
  explicit Optimizer(std::vector<NamedParameter<S>> parameters);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update at learning rate lr. Parameters without a gradient stay as they are. Gradients
  /// count as if multiplied by one factor so that their common norm is at most max_norm.
  ///
  /// return  false when a gradient is not finite: then nothing has changed
  bool step(double lr, double max_norm = std::numeric_limits<double>::infinity());

  // The parts of step(), for a device whose work is recorded once and done again: update() is what
  // may be recorded; the others are called each time, before and after it.
  void begin_step(double lr);
  void update(double max_norm);
  bool end_step();

  /// Of all gradients together, in the last step.
  double gradient_norm() const { return gradient_norm_; }
  void zero_grad() const;
  std::int64_t steps() const { return state_.steps; }

  /// Handles to the live state: clone what must outlast the next step.
  const OptimizerState<S>& state() const { return state_; }
  /// throws  ShapeError for a moment that is missing or of another shape; nothing is changed then
  void load_state(const OptimizerState<S>& state);

 protected:
  /// Makes the moment `suffix` of every parameter, filled with zeros.
  void add_moment(const std::string& suffix);
  const Tensor<S>& moment(const NamedParameter<S>& parameter, const std::string& suffix) const;

  /// One step on the parameters given, by what schedule() and norm() hold.
  virtual void apply(const std::vector<const NamedParameter<S>*>& parameters,
                     Workspace& workspace) = 0;
  const Tensor<double>& schedule() const { return schedule_; }  // see kernels/optimizer
  const Tensor<double>& norm() const { return norm_; }

 private:
  std::vector<NamedParameter<S>> parameters_;
  OptimizerState<S> state_;
  Tensor<double> schedule_, norm_;
  double gradient_norm_ = 0.0;
};

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 0.0;
  bool nesterov = false;
};

/// Stochastic gradient descent with momentum, PyTorch's form (velocity = momentum * velocity + g).
template <class S>
std::unique_ptr<Optimizer<S>> make_sgd(std::vector<NamedParameter<S>> parameters,
                                       const SgdOptions& options);

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;  // added after the square root and the bias correction, as in PyTorch
  double weight_decay = 0.0;
  bool decoupled = false;  // AdamW
};

/// Adam (Kingma & Ba 2015), or AdamW (Loshchilov & Hutter 2019) with `decoupled`.
///
/// throws  ValueError for an option outside its range
template <class S>
std::unique_ptr<Optimizer<S>> make_adam(std::vector<NamedParameter<S>> parameters,
                                        const AdamOptions& options);

}  // namespace dmf
