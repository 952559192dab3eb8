#include "layers/module.h"

#include <algorithm>

namespace dmf {

template <class S>
std::vector<NamedParameter<S>> Module<S>::named_parameters() const {
  std::vector<NamedParameter<S>> all = parameters_;
  for (const auto& [name, child] : children_) {
    for (NamedParameter<S>& p : child->named_parameters()) {
      all.push_back({name + "." + p.name, std::move(p.variable)});
    }
  }
  return all;
}

template <class S>
std::vector<NamedBuffer<S>> Module<S>::named_buffers() const {
  std::vector<NamedBuffer<S>> all = buffers_;
  for (const auto& [name, child] : children_) {
    for (NamedBuffer<S>& b : child->named_buffers()) {
      all.push_back({name + "." + b.name, std::move(b.tensor)});
    }
  }
  return all;
}

template <class S>
std::map<std::string, Tensor<S>> Module<S>::named_tensors() const {
  std::map<std::string, Tensor<S>> tensors;
  for (const NamedParameter<S>& p : named_parameters()) tensors.emplace(p.name, p.variable.value());
  for (const NamedBuffer<S>& b : named_buffers()) tensors.emplace(b.name, b.tensor);
  return tensors;
}

template <class S>
Index Module<S>::parameter_count() const {
  Index count = 0;
  for (const NamedParameter<S>& p : named_parameters()) count += p.variable.value().numel();
  return count;
}

template <class S>
void Module<S>::train(bool on) {
  training_ = on;
  for (const auto& [name, child] : children_) child->train(on);
}

template <class S>
void Module<S>::keep_weights(bool on) {
  for (const auto& [name, child] : children_) child->keep_weights(on);
}

template <class S>
bool Module<S>::is_random() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const auto& child) { return child.second->is_random(); });
}

template <class S>
void Module<S>::set_passes(std::uint64_t passes) {
  for (const auto& [name, child] : children_) child->set_passes(passes);
}

template <class S>
Variable<S> Module<S>::add_parameter(std::string name, Tensor<S> value) {
  parameters_.push_back({std::move(name), Variable<S>(value.to(device_), true)});
  return parameters_.back().variable;
}

template <class S>
Tensor<S> Module<S>::add_buffer(std::string name, Tensor<S> value) {
  buffers_.push_back({std::move(name), value.to(device_)});
  return buffers_.back().tensor;
}

template <class S>
void Module<S>::add_child(std::string name, Module& child) {
  children_.emplace_back(std::move(name), &child);
}

template class Module<float>;
template class Module<double>;

}  // namespace dmf
