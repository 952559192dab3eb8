#pragma once

#include "engine/autograd/node.h"

namespace dmf {

/// While one lives, every op on this thread, and its gradient in backward(), is looked at: the
/// first whose result is not finite throws NumericError naming it. For finding out after the fact
/// where a NaN or an infinity came from; it reads every tensor once more.
class DetectAnomaly {
 public:
  DetectAnomaly() : before_(enabled_) { enabled_ = true; }
  ~DetectAnomaly() { enabled_ = before_; }
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

  static bool enabled() { return enabled_; }

 private:
  bool before_;
  static inline thread_local bool enabled_ = false;
};

/// No NaN and no infinity among the elements.
template <class S>
bool all_finite(const Tensor<S>& tensor);

/// throws  NumericError saying that the result of this op, y, is not finite, if so
template <class S>
void check_result(Op op, const Tensor<S>& y);

/// throws  NumericError saying that the gradient that this node gave an input is not finite, if so
template <class S>
void check_gradients(const Node<S>& node);

}  // namespace dmf
