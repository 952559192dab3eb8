#pragma once

#include <utility>

#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/softmax/softmax.h"

// The kernels of a backend as a class, so that a benchmark can be written once for all.

#define DMF_FORWARD(space, kernel)                       \
  template <class... A>                                  \
  static void kernel(A&&... arguments) {                 \
    space::kernel<float>(std::forward<A>(arguments)...); \
  }

#define DMF_KERNEL_SET(Name, space, accessor)  \
  struct Name {                                \
    template <class Kernels>                   \
    static const Kernels& of() {               \
      return Kernels::accessor();              \
    }                                          \
    DMF_FORWARD(space, pixel_terms_forward)    \
    DMF_FORWARD(space, pixel_terms_backward)   \
  };

namespace dmf::kernel_sets {
DMF_KERNEL_SET(Ref, ref, reference)
DMF_KERNEL_SET(Cpu, cpu, cpu)
#if DMF_WITH_CUDA
DMF_KERNEL_SET(Cuda, cuda, cuda)
#endif
}  // namespace dmf::kernel_sets

#undef DMF_KERNEL_SET
#undef DMF_FORWARD
