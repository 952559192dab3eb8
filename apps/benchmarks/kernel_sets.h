#pragma once

#include <utility>

#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/softmax/softmax.h"

// The kernels of a namespace as members of a class, so that a benchmark can be written once for
// all.

#define DMF_FORWARD(space, kernel)                       \
  template <class... A>                                  \
  static void kernel(A&&... arguments) {                 \
    space::kernel<float>(std::forward<A>(arguments)...); \
  }

#define DMF_KERNEL_SET(Name, space)            \
  struct Name {                                \
    DMF_FORWARD(space, conv2d_forward)         \
    DMF_FORWARD(space, conv2d_backward_data)   \
    DMF_FORWARD(space, conv2d_backward_weight) \
    DMF_FORWARD(space, batch_norm_statistics)  \
    DMF_FORWARD(space, batch_norm_forward)     \
    DMF_FORWARD(space, batch_norm_backward)    \
    DMF_FORWARD(space, max_pool2d_forward)     \
    DMF_FORWARD(space, max_pool2d_backward)    \
    DMF_FORWARD(space, concat_channels)        \
    DMF_FORWARD(space, split_channels)         \
    DMF_FORWARD(space, log_softmax_forward)    \
    DMF_FORWARD(space, log_softmax_backward)   \
    DMF_FORWARD(space, pixel_terms_forward)    \
    DMF_FORWARD(space, pixel_terms_backward)   \
    DMF_FORWARD(space, adam_step)              \
  };

namespace dmf::kernel_sets {
DMF_KERNEL_SET(Ref, ref)
DMF_KERNEL_SET(Cpu, cpu)
#if DMF_WITH_CUDA
DMF_KERNEL_SET(Cuda, cuda)
#endif
}  // namespace dmf::kernel_sets

#undef DMF_KERNEL_SET
#undef DMF_FORWARD
