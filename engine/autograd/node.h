#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dmf {

enum class Op {
#define DMF_OP(name) name,
#include "engine/autograd/op_list.def"
#undef DMF_OP
};

inline constexpr std::string_view kOpNames[] = {
#define DMF_OP(name) #name,
#include "engine/autograd/op_list.def"
#undef DMF_OP
};

inline std::string_view op_name(Op op) {
  return kOpNames[static_cast<std::size_t>(op)];
}

template <class S>
class Node;

/// The graph's side of a Variable: where its gradient gathers, and the node that made it. Nodes
/// hold slots, not values: a tensor that no gradient needs is freed as soon as the code that made
/// it lets go.
template <class S>
struct GradSlot {
  Tensor<S> grad;
  bool requires_grad = false;
  bool released = false;              // backward() has passed here and freed the producer
  std::unique_ptr<Node<S>> producer;  // none for leaves
};

/// One recorded operation: the slots of its inputs, whatever its gradient needs (members of the
/// derived class), and the gradient itself. One output a node.
template <class S>
class Node {
 public:
  using Slots = std::vector<std::shared_ptr<GradSlot<S>>>;

  Node(Op op, Slots inputs) : op_(op), inputs_(std::move(inputs)) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Adds to each input's gradient its share of dy, the gradient of the output.
  virtual void backward(const Tensor<S>& dy) = 0;

  /// Appends the discrete choices of the forward pass (ReLU masks, the winners of pooling windows).
  /// Where two points differ in them a kink lies between, and finite differences mean nothing.
  virtual void append_branches(std::vector<std::uint8_t>&) const {}

  Op op() const { return op_; }
  const Slots& inputs() const { return inputs_; }

 protected:
  bool needs_grad(std::size_t input) const { return inputs_[input]->requires_grad; }
  /// Adds to input's gradient; the tensor is taken over where nothing else holds it.
  void accumulate(std::size_t input, Tensor<S> gradient) const;

 private:
  Op op_;
  Slots inputs_;
};

}  // namespace dmf
