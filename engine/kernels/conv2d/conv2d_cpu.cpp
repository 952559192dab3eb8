#include <algorithm>
#include <type_traits>

#include "engine/core/parallel.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/conv2d/gather_gemm.h"
#include "engine/kernels/conv2d/winograd.h"

namespace dmf {
namespace {

using namespace cpu;

// Weight gradient. One register block holds kRows input channels times one panel of output channels
// of one tap and runs over pixels: two loads of dy and kRows broadcasts of x feed 2 * kRows
// multiply-adds, as in gather_gemm. Pixels are taken in strips of a few image rows, small enough
// that the strip of x and dy stays in cache while every tap and channel tile passes over it.
//
// Work is cut into tiles of channels (kBlockIn x a few panels, all taps: about 100 kB of gradient,
// within L2) and, where the layer has too few of those to share out, into parts of the rows with a
// partial gradient each. Both cuts depend on the shapes alone, and the parts are added in order.

constexpr Index kBlockIn = Index{8} * kRows;
constexpr Index kBlockPanels = 4;

/// First and one past the last output position whose tap falls inside the input.
ChunkRange valid_outputs(Index in, Index out, Index stride, Index tap_offset) {
  const Index first = tap_offset >= 0 ? 0 : (-tap_offset + stride - 1) / stride;
  const Index room = in - tap_offset;  // output * stride must stay below it
  const Index last = room <= 0 ? 0 : (room + stride - 1) / stride;
  return {std::min(first, out), std::clamp(last, std::min(first, out), out)};
}

template <class T>
class CpuConv2d final : public Conv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue, View<T> y,
               Workspace& workspace) const override {
    if constexpr (std::is_same_v<T, float>) {
      if (winograd_pays(spec, weight.shape, y.shape)) {
        return winograd_forward(spec, x, weight, epilogue, y, workspace);
      }
    }
    const Index KH = weight.size(0), KW = weight.size(1);
    GatherPass pass{.rows = y.size(1),
                    .cols = y.size(2),
                    .source_step_h = spec.stride_h,
                    .source_step_w = spec.stride_w,
                    .target_row = 0,
                    .target_col = 0,
                    .target_step_h = 1,
                    .target_step_w = 1,
                    .taps = {}};
    for (Index a = 0; a < KH; ++a) {
      for (Index b = 0; b < KW; ++b) {
        pass.taps.push_back({a - spec.pad.top, b - spec.pad.left, a * KW + b});
      }
    }
    const auto packed = pack_matrices<T>(weight, false, spec.kept, workspace);
    gather_gemm<T>(pass, x, packed, epilogue, y, workspace);
  }

  // x[h, w] received y[i, j] through tap (a, b) where h + top = i * stride_h + a, and likewise for w.
  // For a stride above 1 the pixels of dx fall into stride_h * stride_w phases, h mod stride_h and
  // w mod stride_w: within one phase every pixel meets the same taps, so each phase is a small dense
  // pass of its own and no multiplication with an inserted zero is ever made.
  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                     View<T> dx, Workspace& workspace) const override {
    if constexpr (std::is_same_v<T, float>) {
      if (winograd_pays(spec, weight.shape, dy.shape)) {
        return winograd_backward_data(spec, dy, weight, epilogue, dx, workspace);
      }
    }
    const Index KH = weight.size(0), KW = weight.size(1), H = dx.size(1), W = dx.size(2);
    const Index sh = spec.stride_h, sw = spec.stride_w;
    const auto packed = pack_matrices<T>(weight, true, spec.kept, workspace);
    for (Index phase_h = 0; phase_h < std::min(sh, H); ++phase_h) {
      for (Index phase_w = 0; phase_w < std::min(sw, W); ++phase_w) {
        GatherPass pass{.rows = (H - phase_h + sh - 1) / sh,
                        .cols = (W - phase_w + sw - 1) / sw,
                        .source_step_h = 1,
                        .source_step_w = 1,
                        .target_row = phase_h,
                        .target_col = phase_w,
                        .target_step_h = sh,
                        .target_step_w = sw,
                        .taps = {}};
        for (Index a = 0; a < KH; ++a) {
          for (Index b = 0; b < KW; ++b) {
            const Index h = phase_h + spec.pad.top - a, w = phase_w + spec.pad.left - b;
            if (h % sh == 0 && w % sw == 0) pass.taps.push_back({h / sh, w / sw, a * KW + b});
          }
        }
        gather_gemm<T>(pass, dy, packed, epilogue, dx, workspace);
      }
    }
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace& workspace) const override {
    if constexpr (std::is_same_v<T, float>) {
      if (winograd_pays(spec, dweight.shape, dy.shape)) {
        return winograd_backward_weight(spec, x, dy, dweight, workspace);
      }
    }
    const Index H = x.size(1), W = x.size(2), C_in = x.size(3);
    const Index OH = dy.size(1), OW = dy.size(2), C_out = dy.size(3);
    const Index KH = dweight.size(0), KW = dweight.size(1), taps = KH * KW;
    const Index rows = dy.size(0) * OH;  // output rows of the whole batch
    const Index panels = chunk_count(C_out, kPanel<T>);
    const Index blocks_in = chunk_count(C_in, kBlockIn),
                blocks_out = chunk_count(panels, kBlockPanels);
    constexpr Index kUnits = 32;
    const Index parts =
        std::clamp<Index>(kUnits / (blocks_in * blocks_out), 1, std::max<Index>(rows, 1));
    const Index rows_per_part = chunk_count(rows, parts);
    // A strip holds about 128 pixels: their x and dy stay in L1 and L2.
    const Index strip =
        std::clamp<Index>(128 / std::max<Index>(OW, 1), 1, std::max<Index>(rows_per_part, 1));

    // [part][panel][tap][C_in][kPanel]
    const Index part_size = panels * taps * C_in * kPanel<T>;
    T* partials = workspace.take<T>(parts * part_size);
    const Index packed_size = strip * OW * kPanel<T>;
    T* packed = workspace.take<T>(std::max<Index>(packed_size, 1) * num_threads());

    parallel_for(parts * blocks_in * blocks_out, [&](Index unit, int thread) {
      const Index part = unit / (blocks_in * blocks_out);
      const Index block_in = unit / blocks_out % blocks_in, block_out = unit % blocks_out;
      const ChunkRange part_rows = chunk_range(rows, rows_per_part, part);
      const ChunkRange channels = chunk_range(C_in, kBlockIn, block_in);
      const ChunkRange unit_panels = chunk_range(panels, kBlockPanels, block_out);
      T* dy_strip = packed + packed_size * thread;
      T* partial = partials + part * part_size;
      for (Index panel = unit_panels.begin; panel < unit_panels.end; ++panel) {
        for (Index tap = 0; tap < taps; ++tap) {
          T* tile = partial + (panel * taps + tap) * C_in * kPanel<T>;
          std::fill(tile + channels.begin * kPanel<T>, tile + channels.end * kPanel<T>, T{0});
        }
      }
      for (Index strip_begin = part_rows.begin; strip_begin < part_rows.end; strip_begin += strip) {
        const Index strip_end = std::min(strip_begin + strip, part_rows.end);
        for (Index panel = unit_panels.begin; panel < unit_panels.end; ++panel) {
          const Index first = panel * kPanel<T>, width = std::min(kPanel<T>, C_out - first);
          for (Index p = 0; p < (strip_end - strip_begin) * OW; ++p) {
            T* to = dy_strip + p * kPanel<T>;
            std::copy_n(dy.data + (strip_begin * OW + p) * C_out + first, width, to);
            std::fill(to + width, to + kPanel<T>, T{0});
          }
          for (Index tap = 0; tap < taps; ++tap) {
            const Index offset_h = tap / KW - spec.pad.top, offset_w = tap % KW - spec.pad.left;
            const ChunkRange cols = valid_outputs(W, OW, spec.stride_w, offset_w);
            if (cols.begin >= cols.end) continue;
            T* tile = partial + (panel * taps + tap) * C_in * kPanel<T>;
            for (Index c = channels.begin; c < channels.end; c += kRows) {
              for (Index row = strip_begin; row < strip_end; ++row) {
                const Index h = row % OH * spec.stride_h + offset_h;
                if (h < 0 || h >= H) continue;
                const Index w = cols.begin * spec.stride_w + offset_w;
                multiply_columns<T>(std::min<Index>(kRows, channels.end - c),
                                    x.data + ((row / OH * H + h) * W + w) * C_in + c,
                                    spec.stride_w * C_in,
                                    dy_strip + ((row - strip_begin) * OW + cols.begin) * kPanel<T>,
                                    cols.end - cols.begin, tile + c * kPanel<T>);
              }
            }
          }
        }
      }
    });

    parallel_for(taps * C_in, [&](Index unit) {
      const Index tap = unit / C_in, c = unit % C_in;
      for (Index o = 0; o < C_out; ++o) {
        const Index at = ((o / kPanel<T> * taps + tap) * C_in + c) * kPanel<T> + o % kPanel<T>;
        T sum = partials[at];
        for (Index part = 1; part < parts; ++part) sum += partials[part * part_size + at];
        dweight.data[unit * C_out + o] = sum;
      }
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const Conv2dKernels<T>& Conv2dKernels<T>::cpu() {
  static const CpuConv2d<T> kernels{};
  return kernels;
}
template const Conv2dKernels<float>& Conv2dKernels<float>::cpu<kCompiledFor>();
template const Conv2dKernels<double>& Conv2dKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
