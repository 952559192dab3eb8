#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/autograd/named.h"

namespace dmf {

/// A part of a network: parameters, buffers, children, and a forward pass.
///
/// Children and parameters are registered by the constructor under names that become checkpoint
/// keys when joined with dots: "enc0.conv.weight". A module stays where it was made (children hold
/// its address), so it is neither copied nor moved.
template <class S>
class Module {
 public:
  /// device  where the parameters and buffers of this module live
  explicit Module(Device device) : device_(device) {}
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// x  [N, H, W, C_in], unless the class says otherwise
  virtual Variable<S> forward(const Variable<S>& x) = 0;

  /// Everything below this module, in the order of registration.
  std::vector<NamedParameter<S>> named_parameters() const;
  std::vector<NamedBuffer<S>> named_buffers() const;
  /// Both by name: everything a checkpoint keeps. The handles are the module's own.
  std::map<std::string, Tensor<S>> named_tensors() const;
  Index parameter_count() const;

  /// Training (batch statistics, dropout) or evaluation, for this module and all below.
  virtual void train(bool on = true);
  bool training() const { return training_; }
  Device device() const { return device_; }

  /// For a network that is not trained any more: what its layers make of their weights is kept from one
  /// forward pass in NoGrad to the next, and such passes may run beside each other. Who changes weights
  /// afterwards calls it again; keep_weights(false) forgets what was kept. Kept numbers are up to 4
  /// times as many as the weights.
  virtual void keep_weights(bool on = true);

  /// Whether a forward pass in training mode draws random numbers, so that no two are the same.
  virtual bool is_random() const;
  /// Goes on as after `passes` forward passes in training mode: what dropout draws depends on it.
  virtual void set_passes(std::uint64_t passes);

 protected:
  // Values come from the CPU and are moved to the module's device.
  Variable<S> add_parameter(std::string name, Tensor<S> value);
  Tensor<S> add_buffer(std::string name, Tensor<S> value);
  void add_child(std::string name, Module& child);

 private:
  std::vector<NamedParameter<S>> parameters_;
  std::vector<NamedBuffer<S>> buffers_;
  std::vector<std::pair<std::string, Module*>> children_;
  Device device_;
  bool training_ = true;
};

}  // namespace dmf
