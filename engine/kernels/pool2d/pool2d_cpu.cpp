#include <algorithm>
#include <array>

#include "engine/core/parallel.h"
#include "engine/kernels/pool2d/pool2d.h"

namespace dmf::cpu {
namespace {

/// The part of a window that lies inside the image.
struct Window {
  Index h_begin, h_end, w_begin, w_end;
};

Window clip(const Pool2dSpec& spec, const Shape& x, Index i, Index j) {
  const Index h = i * spec.stride_h - spec.pad.top, w = j * spec.stride_w - spec.pad.left;
  return {std::max<Index>(h, 0), std::min(h + spec.kernel_h, x[1]), std::max<Index>(w, 0),
          std::min(w + spec.kernel_w, x[2])};
}

constexpr Index kStrip = 64;  // channels worked on at a time, their running maxima on the stack

}  // namespace

template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y) {
  const Index OH = y.size(1), OW = y.size(2), H = x.size(1), W = x.size(2), C = x.size(3);
  parallel_for(y.size(0) * OH, [&](Index row) {
    const Index n = row / OH, i = row % OH;
    for (Index j = 0; j < OW; ++j) {
      const Window window = clip(spec, x.shape, i, j);
      T* to = y.data + (row * OW + j) * C;
      const T* first = x.data + ((n * H + window.h_begin) * W + window.w_begin) * C;
      std::copy_n(first, C, to);
      for (Index h = window.h_begin; h < window.h_end; ++h) {
        for (Index w = window.w_begin; w < window.w_end; ++w) {
          const T* from = x.data + ((n * H + h) * W + w) * C;
          for (Index c = 0; c < C; ++c) to[c] = from[c] > to[c] ? from[c] : to[c];
        }
      }
    }
  });
}

template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, In<T> x, In<T> dy, View<T> dx) {
  const Index OH = dy.size(1), OW = dy.size(2), H = x.size(1), W = x.size(2), C = x.size(3);
  // Windows of neighbouring rows that overlap write to the same rows of dx; then an image is the
  // unit of parallel work, else an output row with the input rows from its window to the next.
  const bool overlapping = spec.kernel_h > spec.stride_h;
  const Index rows_per_unit = overlapping ? OH : 1;
  parallel_chunks(dx.numel(), 1 << 16,
                  [&](Index begin, Index end) { std::fill(dx.data + begin, dx.data + end, T{0}); });
  parallel_for(dy.size(0) * OH / std::max<Index>(rows_per_unit, 1), [&](Index unit) {
    for (Index row = unit * rows_per_unit; row < (unit + 1) * rows_per_unit; ++row) {
      const Index n = row / OH, i = row % OH;
      for (Index j = 0; j < OW; ++j) {
        const Window window = clip(spec, x.shape, i, j);
        for (Index strip = 0; strip < C; strip += kStrip) {
          const Index width = std::min(kStrip, C - strip);
          // One look at the window finds each channel's first maximum, a second adds the gradient
          // there: the place is compared as a number, so both loops vectorise.
          std::array<T, kStrip> best;
          std::array<std::int32_t, kStrip> place{};
          std::int32_t at = 0;
          for (Index h = window.h_begin; h < window.h_end; ++h) {
            for (Index w = window.w_begin; w < window.w_end; ++w, ++at) {
              const T* from = x.data + ((n * H + h) * W + w) * C + strip;
              for (Index c = 0; c < width; ++c) {
                const auto k = static_cast<std::size_t>(c);
                const bool better = at == 0 || from[c] > best[k];
                best[k] = better ? from[c] : best[k];
                place[k] = better ? at : place[k];
              }
            }
          }
          const T* gradient = dy.data + (row * OW + j) * C + strip;
          at = 0;
          for (Index h = window.h_begin; h < window.h_end; ++h) {
            for (Index w = window.w_begin; w < window.w_end; ++w, ++at) {
              T* to = dx.data + ((n * H + h) * W + w) * C + strip;
              for (Index c = 0; c < width; ++c) {
                to[c] += place[static_cast<std::size_t>(c)] == at ? gradient[c] : T{0};
              }
            }
          }
        }
      }
    }
  });
}

#define DMF_INSTANTIATE(T)                                                \
  template void max_pool2d_forward<T>(const Pool2dSpec&, In<T>, View<T>); \
  template void max_pool2d_backward<T>(const Pool2dSpec&, In<T>, In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
