#include <algorithm>
#include <unordered_set>
#include <vector>

#include "engine/autograd/anomaly.h"
#include "engine/autograd/trace.h"
#include "engine/autograd/variable.h"
#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

template <class S>
using SlotPtr = std::shared_ptr<GradSlot<S>>;

/// Slots that have producers, each after everything it was computed from. Depth-first with a stack
/// of its own: a deep graph must not overflow the call stack.
template <class S>
std::vector<SlotPtr<S>> topological_order(const SlotPtr<S>& root) {
  struct Visit {
    SlotPtr<S> slot;
    std::size_t next_input;
  };
  std::vector<SlotPtr<S>> order;
  std::unordered_set<const GradSlot<S>*> seen{root.get()};
  std::vector<Visit> stack{{root, 0}};
  while (!stack.empty()) {
    Visit& top = stack.back();
    DMF_CHECK(!top.slot->released, GraphError,
              "[backward] graph already released: an earlier backward() freed its saved tensors. "
              "Pass RetainGraph::yes to that call to walk it again.");
    const Node<S>* node = top.slot->producer.get();
    if (node != nullptr && top.next_input < node->inputs().size()) {
      const SlotPtr<S>& input = node->inputs()[top.next_input++];
      if (input->requires_grad && seen.insert(input.get()).second) stack.push_back({input, 0});
    } else {
      if (node != nullptr) order.push_back(top.slot);
      stack.pop_back();
    }
  }
  return order;
}

/// Of these slots, in topological order, those on a way to one of the leaves; the leaves too.
template <class S>
std::unordered_set<const GradSlot<S>*> ways_to(const std::vector<Variable<S>>& leaves,
                                               const std::vector<SlotPtr<S>>& order) {
  std::unordered_set<const GradSlot<S>*> ways;
  for (const Variable<S>& leaf : leaves) ways.insert(leaf.slot().get());
  for (const SlotPtr<S>& slot : order) {
    const auto& inputs = slot->producer->inputs();
    const bool leads = std::any_of(inputs.begin(), inputs.end(), [&](const SlotPtr<S>& input) {
      return ways.contains(input.get());
    });
    if (leads) ways.insert(slot.get());
  }
  return ways;
}

}  // namespace

template <class S>
void Node<S>::accumulate(std::size_t input, Tensor<S> gradient) const {
  Tensor<S>& sum = inputs_[input]->grad;
  if (!inputs_[input]->requires_grad) return;
  if (!sum.defined()) {
    sum = std::move(gradient);
    return;
  }
  if (!sum.unique()) sum = sum.clone();  // somebody else reads these elements
  kernels<ElementwiseKernels<S>>(sum.device()).accumulate(gradient.cview(), sum.view());
}

template <class S>
Variable<S>::Variable(Tensor<S> value, bool requires_grad)
    : value_(std::move(value)), slot_(std::make_shared<GradSlot<S>>()) {
  slot_->requires_grad = requires_grad;
}

template <class S>
Variable<S>::Variable(Tensor<S> value, std::unique_ptr<Node<S>> producer)
    : Variable(std::move(value), true) {
  slot_->producer = std::move(producer);
  OpTrace<S>::note(slot_, value_.shape());
}

template <class S>
void Variable<S>::backward(RetainGraph retain) const {
  DMF_CHECK(value_.numel() == 1, ShapeError,
            "[backward] the gradient of {} elements is not defined: expected a scalar, or pass the "
            "gradient of this variable.",
            value_.shape().str());
  backward(Tensor<S>::full(value_.shape(), S{1}, value_.device()), retain);
}

template <class S>
void Variable<S>::backward(const Tensor<S>& dy, RetainGraph retain) const {
  DMF_CHECK(requires_grad(), GraphError,
            "[backward] nothing here requires a gradient: expected a result of parameters, "
            "computed outside NoGrad.");
  DMF_CHECK(dy.shape() == value_.shape(), ShapeError,
            "[backward] gradient shape {} does not match the variable's {}.", dy.shape().str(),
            value_.shape().str());
  std::vector<SlotPtr<S>> order = topological_order<S>(slot_);
  if (order.empty()) {  // a leaf
    slot_->grad = dy.clone();
    return;
  }
  slot_->grad = dy;
  while (!order.empty()) {
    const SlotPtr<S> slot = std::move(order.back());
    order.pop_back();
    // Interior gradients are not kept: this frees each as soon as it has been passed on. A slot
    // may have received none, where a consumer had nothing to give it.
    const Tensor<S> gradient = std::exchange(slot->grad, Tensor<S>());
    if (gradient.defined()) {
      slot->producer->backward(gradient);
      if (DetectAnomaly::enabled()) check_gradients(*slot->producer);
    }
    if (retain == RetainGraph::no) {
      slot->producer.reset();
      slot->released = true;
    }
  }
}

template <class S>
void Variable<S>::backward_to(const std::vector<Variable>& leaves) const {
  DMF_CHECK(value_.numel() == 1, ShapeError,
            "[backward] the gradient of {} elements is not defined: expected a scalar.",
            value_.shape().str());
  DMF_CHECK(
      requires_grad() && !leaves.empty(), GraphError,
      "[backward] nothing here requires a gradient: expected a result of parameters, and some "
      "of these.");
  const std::vector<SlotPtr<S>> order = topological_order<S>(slot_);
  const std::unordered_set<const GradSlot<S>*> ways = ways_to(leaves, order);
  slot_->grad = Tensor<S>::full(value_.shape(), S{1}, value_.device());
  std::vector<SlotPtr<S>> beside;  // inputs that got a gradient and lead nowhere
  for (auto slot = order.rbegin(); slot != order.rend(); ++slot) {
    const Tensor<S> gradient = std::exchange((*slot)->grad, Tensor<S>());
    if (!gradient.defined() || !ways.contains(slot->get())) continue;
    for (const SlotPtr<S>& input : (*slot)->producer->inputs()) {
      if (!ways.contains(input.get())) beside.push_back(input);
    }
    (*slot)->producer->backward(gradient);
  }
  for (const SlotPtr<S>& slot : beside) slot->grad = Tensor<S>();
}

template class Node<float>;
template class Node<double>;
template class Variable<float>;
template class Variable<double>;

}  // namespace dmf
