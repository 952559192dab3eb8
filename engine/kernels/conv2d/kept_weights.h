#pragma once

#include <mutex>
#include <vector>

#include "engine/tensor/workspace.h"

namespace dmf {

/// The orders and transforms in which the CPU's kernels multiply by a convolution's weights.
enum class WeightForm {
  packed,             // gather_gemm.h
  packed_transposed,  // the same for the data gradient
  stride1,            // winograd.h, as are those below
  stride1_turned,
  downscale,
  upscale,
};

/// What kernels have made of one convolution's weights, kept between calls: a fifth of the time that a
/// network takes for one image goes into making it anew. For weights that do not change any more.
/// Calls may come from several threads.
class KeptWeights {
 public:
  /// count numbers in that form: those of before, or where there are none yet what make(T* to) writes.
  ///
  /// T  the weights' own type, the same in every call
  template <class T, class Make>
  const T* get(WeightForm form, Index count, const Make& make) {
    const std::scoped_lock lock(mutex_);
    for (const Made& each : made_) {
      if (each.form == form) return static_cast<const T*>(each.numbers);
    }
    T* numbers = memory_.take<T>(count);
    make(numbers);
    made_.push_back({form, numbers});
    return numbers;
  }

 private:
  struct Made {
    WeightForm form;
    const void* numbers;
  };

  std::mutex mutex_;
  Workspace memory_{Device::cpu()};
  std::vector<Made> made_;
};

/// The same, made in `workspace` for this call alone where nothing is kept.
template <class T, class Make>
const T* weights_in_form(KeptWeights* kept, WeightForm form, Index count, Workspace& workspace,
                         const Make& make) {
  if (kept != nullptr) return kept->get<T>(form, count, make);
  T* numbers = workspace.take<T>(count);
  make(numbers);
  return numbers;
}

}  // namespace dmf
