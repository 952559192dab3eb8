#pragma once

#include <memory>
#include <vector>

#include "engine/autograd/node.h"

namespace dmf {

/// The ops of this thread, in order, that record a gradient while this lives: what a network is made of,
/// with the shapes that its tensors have.
template <class S>
class OpTrace {
 public:
  struct Entry {
    std::shared_ptr<GradSlot<S>> result;  // its producer is the op's node
    Shape shape;                          // of the result
  };

  OpTrace() : before_(current_) { current_ = this; }
  ~OpTrace() { current_ = before_; }
  OpTrace(const OpTrace&) = delete;
  OpTrace& operator=(const OpTrace&) = delete;

  const std::vector<Entry>& entries() const { return entries_; }

  /// Adds to the innermost trace, if there is one.
  static void note(const std::shared_ptr<GradSlot<S>>& result, const Shape& shape) {
    if (current_ != nullptr) current_->entries_.push_back({result, shape});
  }

 private:
  std::vector<Entry> entries_;
  OpTrace* before_;
  static inline thread_local OpTrace* current_ = nullptr;
};

}  // namespace dmf
