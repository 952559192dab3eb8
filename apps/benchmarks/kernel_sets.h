#pragma once

#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/softmax/softmax.h"

// The kernels of a backend as a class, so that a benchmark can be written once for all.

#define DMF_KERNEL_SET(Name, accessor) \
  struct Name {                        \
    template <class Kernels>           \
    static const Kernels& of() {       \
      return Kernels::accessor();      \
    }                                  \
  };

namespace dmf::kernel_sets {
DMF_KERNEL_SET(Ref, reference)
DMF_KERNEL_SET(Cpu, cpu)
#if DMF_WITH_CUDA
DMF_KERNEL_SET(Cuda, cuda)
#endif
}  // namespace dmf::kernel_sets

#undef DMF_KERNEL_SET
