#pragma once

#include <cassert>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/autograd/anomaly.h"
#include "engine/autograd/grad_mode.h"
#include "engine/autograd/node.h"

namespace dmf {

enum class RetainGraph { no, yes };

/// Makes the value of an op's result again, bit for bit.
template <class S>
using Recompute = std::function<Tensor<S>()>;

/// A tensor that remembers how it was computed. Copying copies the handle.
template <class S>
class Variable {
 public:
  Variable() = default;
  /// A leaf: data, or a parameter when requires_grad.
  explicit Variable(Tensor<S> value, bool requires_grad = false);
  /// The result of an op; `producer` knows its gradient.
  Variable(Tensor<S> value, std::unique_ptr<Node<S>> producer);

  bool defined() const { return slot_ != nullptr; }
  const Tensor<S>& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  Index size(int axis) const { return value_.size(axis); }
  Device device() const { return value_.device(); }
  bool requires_grad() const {
    assert(defined());
    return slot_->requires_grad;
  }

  /// The gradient gathered by backward(); not defined() before, and never kept for results of ops.
  const Tensor<S>& grad() const {
    assert(defined());
    return slot_->grad;
  }
  void zero_grad() const { slot_->grad = Tensor<S>(); }

  /// Adds to the gradient of every leaf this scalar depends on. Walks the graph without recursion,
  /// freeing each node's saved tensors as soon as it has passed.
  ///
  /// throws  ShapeError unless there is one element; GraphError when nothing here requires a
  ///         gradient, or the graph was released by an earlier call without RetainGraph::yes
  void backward(RetainGraph retain = RetainGraph::no) const;
  /// The same from a given gradient of this variable, of its shape.
  void backward(const Tensor<S>& dy, RetainGraph retain = RetainGraph::no) const;

  /// backward() with 1, but only on the way to these leaves: no other gets a gradient, and nothing is
  /// computed for those before them. The graph stays for another walk.
  ///
  /// leaves  not empty; those that this scalar does not depend on get none
  /// throws  as backward()
  void backward_to(const std::vector<Variable>& leaves) const;

  /// The same value, cut off from the graph.
  Variable detach() const { return Variable(value_); }

  /// Empty unless the op that made this value offers it; see SavedTensor.
  const Recompute<S>& recompute() const { return recompute_; }
  void set_recompute(Recompute<S> recompute) { recompute_ = std::move(recompute); }

  const std::shared_ptr<GradSlot<S>>& slot() const { return slot_; }

 private:
  Tensor<S> value_;
  Recompute<S> recompute_;
  std::shared_ptr<GradSlot<S>> slot_;
};

/// The result y of an op on `inputs`. A NodeType is made, from the inputs' slots and `saved`, only
/// if a gradient can be asked for.
template <class NodeType, class S, class... Saved>
Variable<S> record(Tensor<S> y, std::initializer_list<Variable<S>> inputs, Saved&&... saved) {
  return record_all<NodeType>(std::move(y), std::vector<Variable<S>>(inputs),
                              std::forward<Saved>(saved)...);
}

template <class S>
bool any_requires_grad(const std::vector<Variable<S>>& inputs) {
  if (!GradMode::enabled()) return false;
  for (const Variable<S>& input : inputs) {
    if (input.requires_grad()) return true;
  }
  return false;
}

template <class NodeType, class S, class... Saved>
Variable<S> record_all(Tensor<S> y, const std::vector<Variable<S>>& inputs, Saved&&... saved) {
  if (!any_requires_grad(inputs)) return Variable<S>(std::move(y));
  typename Node<S>::Slots slots;
  for (const Variable<S>& input : inputs) slots.push_back(input.slot());
  auto node = std::make_unique<NodeType>(std::move(slots), std::forward<Saved>(saved)...);
  if (DetectAnomaly::enabled()) check_result(node->op(), y);
  return Variable<S>(std::move(y), std::move(node));
}

}  // namespace dmf
