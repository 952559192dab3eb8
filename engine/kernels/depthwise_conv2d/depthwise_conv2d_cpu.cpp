#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"

namespace dmf {
namespace {

constexpr Index kBlock = 16;   // channels whose sums a loop keeps in registers
constexpr Index kPixels = 4;   // neighbours that share a load of the weights
constexpr Index kChunks = 64;  // sums of the weights' gradient that rows are gathered into, at most

/// Places [begin, end) of a kernel that lie inside an axis when its first lies at `at`.
ChunkRange inside(Index at, Index kernel, Index size) {
  return {std::max<Index>(-at, 0), std::max<Index>(std::min(kernel, size - at), 0)};
}

/// One row of y, and the rows of x that its windows reach.
template <class T>
struct RowOfWindows {
  const T *x, *weight, *bias;  // x: the image; bias may be null
  T* y;
  Index W, C, OW, KW, h, stride_w, left;  // h: the row of x under the kernel's first
  ChunkRange rows;                        // of the kernel, inside the image

  /// `kCount` neighbours from column j on, whose windows reach columns `places` of the kernel, in
  /// `width` channels from c on.
  template <Index kCount, bool kWholeBlock>
  void compute(Index j, ChunkRange places, Index c, Index width) const {
    T sums[static_cast<std::size_t>(kCount)][kBlock];
    const Index count = kWholeBlock ? kBlock : width;
    for (Index p = 0; p < kCount; ++p) {
      for (Index k = 0; k < count; ++k) sums[p][k] = bias == nullptr ? T{0} : bias[c + k];
    }
    for (Index a = rows.begin; a < rows.end; ++a) {
      for (Index b = places.begin; b < places.end; ++b) {
        const T* w = weight + (a * KW + b) * C + c;
        const T* from = x + ((h + a) * W + j * stride_w - left + b) * C + c;
        for (Index p = 0; p < kCount; ++p) {
#pragma omp simd
          for (Index k = 0; k < count; ++k) sums[p][k] += from[p * stride_w * C + k] * w[k];
        }
      }
    }
    for (Index p = 0; p < kCount; ++p) std::copy_n(sums[p], count, y + (j + p) * C + c);
  }

  template <bool kWholeBlock>
  void compute_channels(Index c, Index width) const {
    for (Index j = 0; j < OW;) {
      const ChunkRange places = inside(j * stride_w - left, KW, W);
      const bool whole = j + kPixels <= OW && places.begin == 0 && places.end == KW &&
                         (j + kPixels - 1) * stride_w - left + KW <= W;
      if (whole) {
        compute<kPixels, kWholeBlock>(j, places, c, width);
        j += kPixels;
      } else {
        compute<1, kWholeBlock>(j, places, c, width);
        ++j;
      }
    }
  }

  void compute_all() const {
    Index c = 0;
    for (; c + kBlock <= C; c += kBlock) compute_channels<true>(c, kBlock);
    if (c < C) compute_channels<false>(c, C - c);
  }
};

template <class T>
class CpuDepthwiseConv2d final : public DepthwiseConv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, In<T> bias, View<T> y,
               Workspace&) const override {
    const Index OH = y.size(1), OW = y.size(2), H = x.size(1), W = x.size(2), C = x.size(3);
    const Index KH = weight.size(0), KW = weight.size(1);
    parallel_for(y.size(0) * OH, [&](Index row) {
      const Index n = row / OH, h = row % OH * spec.stride_h - spec.pad.top;
      RowOfWindows<T>{x.data + n * H * W * C,
                      weight.data,
                      bias.data,
                      y.data + row * OW * C,
                      W,
                      C,
                      OW,
                      KW,
                      h,
                      spec.stride_w,
                      spec.pad.left,
                      inside(h, KH, H)}
          .compute_all();
    });
  }

  // With stride 1 a convolution too, by the kernel turned round.
  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, View<T> dx,
                     Workspace& workspace) const override {
    if (spec.stride_h != 1 || spec.stride_w != 1) return gather(spec, dy, weight, dx);
    const int KH = static_cast<int>(weight.size(0)), KW = static_cast<int>(weight.size(1));
    const Index places = weight.size(0) * weight.size(1), C = dx.size(3);
    T* turned = workspace.take<T>(places * C);
    for (Index place = 0; place < places; ++place) {
      std::copy_n(weight.data + (places - 1 - place) * C, C, turned + place * C);
    }
    const Conv2dSpec adjoint{1, 1, {KH - 1 - spec.pad.top, KW - 1 - spec.pad.left, 0, 0}};
    forward(adjoint, dy, View<T>(turned, weight.shape), {}, dx, workspace);
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace& workspace) const override {
    const Index OH = dy.size(1), rows = dy.size(0) * OH, count = dweight.numel();
    const Index grain = std::max<Index>(1, (rows + kChunks - 1) / kChunks);
    const Index chunks = chunk_count(rows, grain);
    double* sums = workspace.take<double>(chunks * count);
    parallel_for(chunks, [&](Index chunk) {
      const ChunkRange range = chunk_range(rows, grain, chunk);
      double* into = sums + chunk * count;
      std::fill_n(into, count, 0.0);
      for (Index row = range.begin; row < range.end; ++row)
        add_row(spec, x, dy, row, dweight, into);
    });
    parallel_chunks(count, 1 << 10, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        double sum = 0.0;
        for (Index chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * count + i];
        dweight.data[i] = static_cast<T>(sum);
      }
    });
  }

 private:
  /// Every pixel of x asks the windows that it lies in.
  static void gather(const Conv2dSpec& spec, In<T> dy, In<T> weight, View<T> dx) {
    const Index H = dx.size(1), W = dx.size(2), C = dx.size(3), OH = dy.size(1), OW = dy.size(2);
    const Index KH = weight.size(0), KW = weight.size(1);
    parallel_for(dx.size(0) * H, [&](Index row) {
      const Index n = row / H, h = row % H + spec.pad.top;
      std::fill_n(dx.data + row * W * C, W * C, T{0});
      for (Index a = h % spec.stride_h; a < KH && a <= h; a += spec.stride_h) {
        const Index i = (h - a) / spec.stride_h;
        if (i >= OH) continue;
        for (Index w = 0; w < W; ++w) {
          const Index column = w + spec.pad.left;
          T* to = dx.data + (row * W + w) * C;
          for (Index b = column % spec.stride_w; b < KW && b <= column; b += spec.stride_w) {
            const Index j = (column - b) / spec.stride_w;
            if (j >= OW) continue;
            const T* from = dy.data + ((n * OH + i) * OW + j) * C;
            const T* by = weight.data + (a * KW + b) * C;
#pragma omp simd
            for (Index c = 0; c < C; ++c) to[c] += from[c] * by[c];
          }
        }
      }
    });
  }

  /// Adds what one row of dy gives to every place of the kernel.
  static void add_row(const Conv2dSpec& spec, In<T> x, In<T> dy, Index row, View<T> dweight,
                      double* into) {
    const Index H = x.size(1), W = x.size(2), C = x.size(3), OH = dy.size(1), OW = dy.size(2);
    const Index KW = dweight.size(1), stride = spec.stride_w;
    const Index n = row / OH, h = row % OH * spec.stride_h - spec.pad.top;
    const ChunkRange rows = inside(h, dweight.size(0), H);
    for (Index a = rows.begin; a < rows.end; ++a) {
      for (Index b = 0; b < KW; ++b) {
        const Index start = b - spec.pad.left;  // the column of x under the first of dy
        const Index first = start >= 0 ? 0 : (-start + stride - 1) / stride;
        const Index last = start >= W ? 0 : std::min(OW, (W - 1 - start) / stride + 1);
        const T* from = x.data + ((n * H + h + a) * W + start) * C;
        const T* gradient = dy.data + row * OW * C;
        for (Index c = 0; c < C; c += kBlock) {
          const Index width = std::min(kBlock, C - c);
          const auto add = width == kBlock ? add_pixels<true> : add_pixels<false>;
          add(from + c, gradient + c, stride * C, C, first, last, width,
              into + (a * KW + b) * C + c);
        }
      }
    }
  }

  /// sum over pixels j of x[j * x_step + k] * dy[j * dy_step + k], k < width: in four sums, so that
  /// none waits for the one before.
  template <bool kWholeBlock>
  static void add_pixels(const T* x, const T* dy, Index x_step, Index dy_step, Index first,
                         Index last, Index width, double* into) {
    const Index count = kWholeBlock ? kBlock : width;
    T sums[kPixels][kBlock] = {};
    Index j = first;
    for (; j + kPixels <= last; j += kPixels) {
      for (Index p = 0; p < kPixels; ++p) {
        const T *from = x + (j + p) * x_step, *by = dy + (j + p) * dy_step;
#pragma omp simd
        for (Index k = 0; k < count; ++k) sums[p][k] += from[k] * by[k];
      }
    }
    for (; j < last; ++j) {
      for (Index k = 0; k < count; ++k) sums[0][k] += x[j * x_step + k] * dy[j * dy_step + k];
    }
    for (Index k = 0; k < count; ++k) {
      into[k] += static_cast<double>((sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]));
    }
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const DepthwiseConv2dKernels<T>& DepthwiseConv2dKernels<T>::cpu() {
  static const CpuDepthwiseConv2d<T> kernels{};
  return kernels;
}
template const DepthwiseConv2dKernels<float>& DepthwiseConv2dKernels<float>::cpu<kCompiledFor>();
template const DepthwiseConv2dKernels<double>& DepthwiseConv2dKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
