#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/pool2d/pool2d.h"

namespace dmf {
namespace {

/// The part of a window that lies inside the image: places [a_begin, a_end) x [b_begin, b_end).
struct Window {
  Index h, w;  // of place (0, 0), maybe outside
  Index a_begin, a_end, b_begin, b_end;
};

Window clip(const Pool2dSpec& spec, const Shape& x, Index i, Index j) {
  const Index h = i * spec.stride_h - spec.pad.top, w = j * spec.stride_w - spec.pad.left;
  return {h,
          w,
          std::max<Index>(-h, 0),
          std::min<Index>(spec.kernel_h, x[1] - h),
          std::max<Index>(-w, 0),
          std::min<Index>(spec.kernel_w, x[2] - w)};
}

template <class T>
class CpuPool2d final : public Pool2dKernels<T> {
 public:
  // The place of a winner is compared as a number, so that the loops over channels vectorise.
  void forward(const Pool2dSpec& spec, In<T> x, View<T> y,
               View<std::uint8_t> winners) const override {
    const Index OH = y.size(1), OW = y.size(2), H = x.size(1), W = x.size(2), C = x.size(3);
    parallel_for(y.size(0) * OH, [&](Index row) {
      const Index n = row / OH, i = row % OH;
      for (Index j = 0; j < OW; ++j) {
        const Window window = clip(spec, x.shape, i, j);
        T* to = y.data + (row * OW + j) * C;
        std::uint8_t* place = winners ? winners.data + (row * OW + j) * C : nullptr;
        bool first = true;
        for (Index a = window.a_begin; a < window.a_end; ++a) {
          for (Index b = window.b_begin; b < window.b_end; ++b) {
            const T* from = x.data + ((n * H + window.h + a) * W + window.w + b) * C;
            const auto here = static_cast<std::uint8_t>(a * spec.kernel_w + b);
            if (first) {
              std::copy_n(from, C, to);
              if (place != nullptr) std::fill_n(place, C, here);
            } else if (place != nullptr) {
#pragma omp simd
              for (Index c = 0; c < C; ++c) {
                const bool better = from[c] > to[c];
                to[c] = better ? from[c] : to[c];
                place[c] = better ? here : place[c];
              }
            } else {
              for (Index c = 0; c < C; ++c) to[c] = from[c] > to[c] ? from[c] : to[c];
            }
            first = false;
          }
        }
      }
    });
  }

  void backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                View<T> dx) const override {
    const Index OH = dy.size(1), OW = dy.size(2), H = dx.size(1), W = dx.size(2), C = dx.size(3);
    // Windows of neighbouring rows that overlap write to the same rows of dx; then an image is the
    // unit of parallel work, else an output row with the input rows from its window to the next.
    const bool overlapping = spec.kernel_h > spec.stride_h;
    const Index rows_per_unit = overlapping ? OH : 1;
    parallel_chunks(dx.numel(), 1 << 16, [&](Index begin, Index end) {
      std::fill(dx.data + begin, dx.data + end, T{0});
    });
    parallel_for(dy.size(0) * OH / std::max<Index>(rows_per_unit, 1), [&](Index unit) {
      for (Index row = unit * rows_per_unit; row < (unit + 1) * rows_per_unit; ++row) {
        const Index n = row / OH, i = row % OH;
        for (Index j = 0; j < OW; ++j) {
          const Window window = clip(spec, dx.shape, i, j);
          const T* gradient = dy.data + (row * OW + j) * C;
          const std::uint8_t* place = winners.data + (row * OW + j) * C;
          for (Index a = window.a_begin; a < window.a_end; ++a) {
            for (Index b = window.b_begin; b < window.b_end; ++b) {
              T* to = dx.data + ((n * H + window.h + a) * W + window.w + b) * C;
              const auto here = static_cast<std::uint8_t>(a * spec.kernel_w + b);
#pragma omp simd
              for (Index c = 0; c < C; ++c) to[c] += place[c] == here ? gradient[c] : T{0};
            }
          }
        }
      }
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const Pool2dKernels<T>& Pool2dKernels<T>::cpu() {
  static const CpuPool2d<T> kernels{};
  return kernels;
}
template const Pool2dKernels<float>& Pool2dKernels<float>::cpu<kCompiledFor>();
template const Pool2dKernels<double>& Pool2dKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
