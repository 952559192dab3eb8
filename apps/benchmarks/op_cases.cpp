#include "apps/benchmarks/op_cases.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/gate/gate.h"
#include "engine/kernels/group_norm/group_norm.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/softmax/softmax.h"
#include "engine/kernels/upsample2d/upsample2d.h"
#include "engine/ops/conv2d.h"

namespace dmf {
namespace {

using Floats = Tensor<float>;

/// Makes the cases of what computes.
class Cases {
 public:
  explicit Cases(const Compute& compute) : compute_(compute) {}

  /// Both convolutions: `fine` is the side that the kernel slides over, conv2d's input.
  std::vector<KernelCase> convolution(const OpShape& s, bool transposed) const {
    const auto* conv = &kernels<Conv2dKernels<float>>(compute_.device);
    const auto kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride);
    const int before = (kernel - 1) / 2;
    Conv2dSpec spec{stride,
                    stride,
                    {before, before, kernel - 1 - before, kernel - 1 - before},
                    compute_.precision};
    if (transposed) spec.pad = same_transpose_padding(kernel, stride);
    const Index H = transposed ? s.h * s.stride : s.h, W = transposed ? s.w * s.stride : s.w;
    const Padding& pad = spec.pad;
    const Index fine_c = transposed ? s.c_out : s.c_in, coarse_c = transposed ? s.c_in : s.c_out;
    const Floats fine = images(Shape{s.n, H, W, fine_c});
    const Floats coarse =
        images(Shape{s.n, conv2d_output_size(H, kernel, stride, pad.top, pad.bottom),
                     conv2d_output_size(W, kernel, stride, pad.left, pad.right), coarse_c});
    const Floats weight = random(Shape{s.kernel, s.kernel, fine_c, coarse_c});
    const double operations = 2.0 * static_cast<double>(s.kernel * s.kernel * fine_c) *
                              static_cast<double>(coarse.numel());
    const double bytes = bytes_of({fine, coarse}) + 4.0 * static_cast<double>(weight.numel());
    const auto to_coarse = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->forward(spec, fine.cview(), weight.cview(), Epilogue<float>{}, out.view(), workspace);
    };
    const auto to_fine = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->backward_data(spec, coarse.cview(), weight.cview(), Epilogue<float>{}, out.view(),
                          workspace);
    };
    const auto to_weight = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->backward_weight(spec, fine.cview(), coarse.cview(), out.view(), workspace);
    };
    return {make(transposed ? "backward_data" : "forward", operations, bytes,
                 coarse.like(coarse.shape()), to_coarse),
            make(transposed ? "forward" : "backward_data", operations, bytes,
                 fine.like(fine.shape()), to_fine),
            make("backward_weight", operations, bytes, weight.like(weight.shape()), to_weight)};
  }

  std::vector<KernelCase> batch_norm(const OpShape& s) const {
    const auto* norm = &kernels<BatchNormKernels<float>>(compute_.device);
    const Shape channels{s.c_in};
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in}), dy = images(x.shape());
    const Floats gamma = random(channels), beta = random(channels);
    const Floats dgamma = gamma.like(channels), dbeta = gamma.like(channels);
    const auto mean = constant(channels, 0.1), var = constant(channels, 0.3);
    const auto forward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      const Tensor<double> batch_mean = mean.like(channels), batch_var = var.like(channels);
      norm->statistics(x.cview(), batch_mean.view(), batch_var.view(), workspace);
      norm->forward(x.cview(), batch_mean.cview(), batch_var.cview(), gamma.cview(), beta.cview(),
                    1e-5, true, out.view(), workspace);
    };
    const auto backward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      norm->backward(x.cview(), dy.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(),
                     1e-5, true, true, out.view(), dgamma.view(), dbeta.view(), workspace);
    };
    const auto n = static_cast<double>(x.numel());
    return {make("forward", 7 * n, bytes_of({x, x}), x.like(x.shape()), forward),
            make("backward", 12 * n, bytes_of({x, x, x}), x.like(x.shape()), backward)};
  }

  /// In as many groups as the shape's c_out says, with leaky ReLU.
  std::vector<KernelCase> group_norm(const OpShape& s) const {
    DMF_CHECK(s.c_out >= 1 && s.c_in % s.c_out == 0, ValueError,
              "[bench] {} {}: expected c_out groups that divide c_in.", s.op, s.str());
    const auto* norm = &kernels<GroupNormKernels<float>>(compute_.device);
    const Shape channels{s.c_in}, groups{s.n, s.c_out};
    constexpr double kSlope = 0.01;
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in}), dy = images(x.shape());
    const Floats gamma = random(channels), beta = random(channels);
    const Floats dgamma = gamma.like(channels), dbeta = gamma.like(channels);
    const auto mean = constant(groups, 0.1), var = constant(groups, 0.3);
    const auto forward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      const Tensor<double> own_mean = mean.like(groups), own_var = var.like(groups);
      norm->statistics(x.cview(), own_mean.view(), own_var.view(), workspace);
      norm->forward(x.cview(), own_mean.cview(), own_var.cview(), gamma.cview(), beta.cview(), 1e-5,
                    kSlope, out.view(), workspace);
    };
    const auto backward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      norm->backward(x.cview(), dy.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(),
                     1e-5, kSlope, out.view(), dgamma.view(), dbeta.view(), workspace);
    };
    const auto n = static_cast<double>(x.numel());
    return {make("forward", 7 * n, bytes_of({x, x}), x.like(x.shape()), forward),
            make("backward", 12 * n, bytes_of({x, x, x}), x.like(x.shape()), backward)};
  }

  std::vector<KernelCase> depthwise(const OpShape& s) const {
    const auto* conv = &kernels<DepthwiseConv2dKernels<float>>(compute_.device);
    const auto kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride);
    const int before = (kernel - 1) / 2, behind = s.kernel % 2 == 1 ? before : 0;
    const Conv2dSpec spec{stride, stride, {before, before, behind, behind}};
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in});
    const Floats dy =
        images(Shape{s.n, conv2d_output_size(s.h, kernel, stride, before, behind),
                     conv2d_output_size(s.w, kernel, stride, before, behind), s.c_in});
    const Floats weight = random(Shape{s.kernel, s.kernel, 1, s.c_in});
    const double operations =
        2.0 * static_cast<double>(s.kernel * s.kernel) * static_cast<double>(dy.numel());
    const double bytes = bytes_of({x, dy, weight});
    const auto forward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->forward(spec, x.cview(), weight.cview(), {}, out.view(), workspace);
    };
    const auto backward_data = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->backward_data(spec, dy.cview(), weight.cview(), out.view(), workspace);
    };
    const auto backward_weight = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      conv->backward_weight(spec, x.cview(), dy.cview(), out.view(), workspace);
    };
    return {
        make("forward", operations, bytes, dy.like(dy.shape()), forward),
        make("backward_data", operations, bytes, x.like(x.shape()), backward_data),
        make("backward_weight", operations, bytes, weight.like(weight.shape()), backward_weight)};
  }

  std::vector<KernelCase> upsample(const OpShape& s) const {
    const auto* upsampling = &kernels<Upsample2dKernels<float>>(compute_.device);
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in});
    const Floats dy = images(Shape{s.n, 2 * s.h, 2 * s.w, s.c_in});
    const double operations = 7.0 * static_cast<double>(dy.numel()), bytes = bytes_of({x, dy});
    return {make("forward", operations, bytes, dy.like(dy.shape()),
                 [=](const Floats& out) { upsampling->forward(x.cview(), out.view()); }),
            make("backward", operations, bytes, x.like(x.shape()),
                 [=](const Floats& out) { upsampling->backward(dy.cview(), out.view()); })};
  }

  std::vector<KernelCase> gate(const OpShape& s) const {
    const auto* gated = &kernels<GateKernels<float>>(compute_.device);
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in}), dy = images(x.shape());
    const Floats a = images(Shape{s.n, s.h, s.w, 1}), da = a.like(a.shape());
    const auto n = static_cast<double>(x.numel()), pixels = static_cast<double>(a.numel());
    return {make("forward", n + 4.0 * pixels, bytes_of({x, a, x}), x.like(x.shape()),
                 [=](const Floats& out) { gated->forward(x.cview(), a.cview(), out.view()); }),
            make("backward", 3.0 * n + 7.0 * pixels, bytes_of({x, a, dy, x, da}), x.like(x.shape()),
                 [=](const Floats& out) {
                   gated->backward(x.cview(), a.cview(), dy.cview(), out.view(), da.view());
                 })};
  }

  /// operations  of the function's definition, and of its slope's, for each element
  template <class F>
  std::vector<KernelCase> unary(const OpShape& s, const F& f, double operations) const {
    const auto* computed = &kernels<UnaryKernels<F, float>>(compute_.device);
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in}), dy = images(x.shape());
    const auto n = static_cast<double>(x.numel());
    return {
        make("forward", operations * n, bytes_of({x, x}), x.like(x.shape()),
             [=](const Floats& out) { computed->forward(f, x.cview(), out.view()); }),
        make("backward", (operations + 1.0) * n, bytes_of({x, x, x}), x.like(x.shape()),
             [=](const Floats& out) { computed->backward(f, x.cview(), dy.cview(), out.view()); })};
  }

  std::vector<KernelCase> pool(const OpShape& s) const {
    const auto* pooling = &kernels<Pool2dKernels<float>>(compute_.device);
    const auto kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride);
    const Pool2dSpec spec{kernel, kernel, stride, stride, {}};
    const Floats x = images(Shape{s.n, s.h, s.w, s.c_in});
    const Floats dy = images(Shape{s.n, conv2d_output_size(s.h, kernel, stride, 0, 0),
                                   conv2d_output_size(s.w, kernel, stride, 0, 0), s.c_in});
    const Tensor<std::uint8_t> winners(dy.shape(), compute_.device);
    pooling->forward(spec, x.cview(), dy.clone().view(), winners.view());
    const Tensor<std::uint8_t> places(dy.shape(), compute_.device);
    const auto forward = [=](const Floats& out) {
      pooling->forward(spec, x.cview(), out.view(), places.view());
    };
    const auto backward = [=](const Floats& out) {
      pooling->backward(spec, winners.cview(), dy.cview(), out.view());
    };
    const double bytes = bytes_of({x, dy}) + static_cast<double>(dy.numel());
    const auto n = static_cast<double>(x.numel());
    return {make("forward", n, bytes, dy.like(dy.shape()), forward),
            make("backward", n, bytes, x.like(x.shape()), backward)};
  }

  std::vector<KernelCase> concat(const OpShape& s) const {
    const auto* joining = &kernels<ConcatKernels<float>>(compute_.device);
    const Floats a = images(Shape{s.n, s.h, s.w, s.c_in});
    const Floats b = images(Shape{s.n, s.h, s.w, s.c_out});
    const Floats whole = images(Shape{s.n, s.h, s.w, s.c_in + s.c_out}), db = b.like(b.shape());
    const auto join = [=](const Floats& out) {
      joining->concat(std::vector<ConstView<float>>{a.cview(), b.cview()}, out.view());
    };
    const auto split = [=](const Floats& out) {
      joining->split(whole.cview(), std::vector<View<float>>{out.view(), db.view()});
    };
    const double bytes = bytes_of({whole, whole});
    return {make("forward", 0, bytes, whole.like(whole.shape()), join),
            make("backward", 0, bytes, a.like(a.shape()), split)};
  }

  std::vector<KernelCase> loss(const OpShape& s) const {
    const auto* softmax = &kernels<SoftmaxKernels<float>>(compute_.device);
    const auto* sums = &kernels<PixelSumsKernels<float>>(compute_.device);
    const Floats x = random(Shape{s.n, s.h, s.w, s.c_in}), log_probs = x.like(x.shape());
    softmax->log_forward(x.cview(), log_probs.view());
    const auto n = static_cast<double>(x.numel());
    if (s.op == "log_softmax") {
      return {
          make("forward", 4 * n, bytes_of({x, x}), x.like(x.shape()),
               [=](const Floats& out) { softmax->log_forward(x.cview(), out.view()); }),
          make("backward", 4 * n, bytes_of({x, x, x}), x.like(x.shape()), [=](const Floats& out) {
            softmax->log_backward(log_probs.cview(), x.cview(), out.view());
          })};
    }
    const Tensor<std::int32_t> here(Shape{s.n, s.h, s.w});
    Rng rng(2);
    for (auto& t : here.span()) {
      t = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(s.c_in)));
    }
    const Tensor<std::int32_t> target = here.to(compute_.device);
    // What a training with cross-entropy and an overlap asks for.
    const double read = bytes_of({x}) + 4.0 * static_cast<double>(target.numel());
    PixelSumsSpec spec;
    spec.terms = 1;
    const Shape row{spec.of_group(s.c_in)};
    const auto factors = constant(Shape{1, TermFactors::size(s.c_in)}, 1.0);
    const auto pixels = constant(Shape{1, s.c_in}, 1.0);
    const Floats drow = random(row);
    const auto forward = [=, device = compute_.device](const Floats& out) {
      Workspace workspace(device);
      sums->forward(spec, x.cview(), target.cview(), factors.cview(), log_probs.view(), out.view(),
                    pixels.view(), View<double>(), workspace);
    };
    const auto backward = [=](const Floats& out) {
      sums->backward(spec, log_probs.cview(), target.cview(), factors.cview(), pixels.cview(),
                     drow.cview(), out.view());
    };
    forward(drow.like(row));  // for the pixels
    return {make("forward", 10 * n, read + bytes_of({x}), drow.like(row), forward),
            make("backward", 9 * n, read + bytes_of({x}), x.like(x.shape()), backward)};
  }

  /// Every run goes on from the one before; the first is the one to compare.
  std::vector<KernelCase> adam(const OpShape& s) const {
    const auto* optimizer = &kernels<OptimizerKernels<float>>(compute_.device);
    const Shape shape{s.c_in};
    const Floats gradient = random(shape), m = Floats::zeros(shape, compute_.device);
    const Floats v = Floats::zeros(shape, compute_.device);
    const auto schedule = Tensor<double>::from(std::array{1e-3, 1.0}, Shape{2}, compute_.device);
    const auto norm = constant(Shape{2}, 1.0);
    const auto step = [=, device = compute_.device](const Floats& out) {
      const AdamTensors<float> tensors{gradient.cview(), out.view(), m.view(), v.view()};
      Workspace workspace(device);
      optimizer->adam_step(AdamSpec{0.9, 0.999, 1e-8, 0.0, false}, schedule.cview(), norm.cview(),
                           std::span(&tensors, 1), workspace);
    };
    KernelCase made = make("step", 12.0 * static_cast<double>(s.c_in),
                           28.0 * static_cast<double>(s.c_in), gradient.like(shape), step);
    made.out.copy_from(random(shape));
    return {made};
  }

 private:
  /// A block of random numbers, over and over: they have only to differ from their neighbours.
  Floats random(const Shape& shape, Storage storage = Storage::full) const {
    constexpr Index kBlock = 1000003;  // a prime, so that no row begins like another
    Rng rng(1);
    const Floats here(shape);
    const auto values = here.span();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = i < kBlock ? static_cast<float>(rng.uniform(-1.0, 1.0)) : values[i - kBlock];
    }
    Floats there(shape, compute_.device, storage);
    there.copy_from(here);
    return there;
  }
  Floats images(const Shape& shape) const {
    return random(shape, compute_.in_bfloat16() ? Storage::bfloat16 : Storage::full);
  }
  Tensor<double> constant(const Shape& shape, double value) const {
    return Tensor<double>::full(shape, value, compute_.device);
  }

  static double bytes_of(std::initializer_list<Floats> tensors) {
    double bytes = 0.0;
    for (const Floats& t : tensors) {
      bytes += static_cast<double>(t.numel()) * (t.storage() == Storage::full ? 4.0 : 2.0);
    }
    return bytes;
  }

  static KernelCase make(std::string name, double operations, double bytes, Floats out,
                         const std::function<void(const Floats&)>& kernel) {
    out.fill(std::numeric_limits<float>::quiet_NaN());
    return {std::move(name), operations, bytes, out, [=] { kernel(out); }};
  }

  Compute compute_;
};

std::vector<KernelCase> cases_of(const OpShape& s, const Compute& compute) {
  const Cases cases(compute);
  if (s.op == "conv2d" || s.op == "conv_transpose2d") {
    DMF_CHECK(s.c_out >= 1, ValueError, "[bench] {} {}: expected c_out.", s.op, s.str());
    return cases.convolution(s, s.op == "conv_transpose2d");
  }
  if (s.op == "batch_norm2d") return cases.batch_norm(s);
  if (s.op == "group_norm") return cases.group_norm(s);
  if (s.op == "depthwise_conv2d") return cases.depthwise(s);
  if (s.op == "upsample_bilinear2d") return cases.upsample(s);
  if (s.op == "gate") return cases.gate(s);
  if (s.op == "gelu") return cases.unary(s, functors::Gelu{}, 4);
  if (s.op == "leaky_relu") return cases.unary(s, functors::LeakyRelu{0.01}, 1);
  if (s.op == "max_pool2d") return cases.pool(s);
  if (s.op == "concat") return cases.concat(s);
  if (s.op == "log_softmax" || s.op == "pixel_sums") return cases.loss(s);
  DMF_CHECK(
      s.op == "adam", ValueError,
      "[bench] unknown op '{}': expected conv2d, conv_transpose2d, depthwise_conv2d, "
      "batch_norm2d, group_norm, max_pool2d, upsample_bilinear2d, gate, concat, gelu, leaky_relu, "
      "log_softmax, pixel_sums or adam.",
      s.op);
  return cases.adam(s);
}

}  // namespace

std::vector<KernelCase> kernel_cases(const OpShape& s, const Compute& compute) {
  DMF_CHECK(std::min({s.n, s.h, s.w, s.c_in}) >= 1 && std::min({s.c_out, s.kernel, s.stride}) >= 0,
            ValueError, "[bench] {} {}: expected sizes of at least 1.", s.op, s.str());
  const bool windowed = s.op == "conv2d" || s.op == "conv_transpose2d" ||
                        s.op == "depthwise_conv2d" || s.op == "max_pool2d";
  DMF_CHECK(!windowed || std::min(s.kernel, s.stride) >= 1, ValueError,
            "[bench] {} {}: expected a kernel and a stride of at least 1.", s.op, s.str());
  return cases_of(s, compute);
}

double relative_difference(const Tensor<float>& result, const Tensor<float>& expected) {
  const Floats a = result.to(Device::cpu()), b = expected.to(Device::cpu());
  double largest = 0.0, difference = 0.0;
  for (Index i = 0; i < b.numel(); ++i) {
    const double is = a.data()[i], should_be = b.data()[i];
    largest = std::max(largest, std::abs(should_be));
    const double apart = std::abs(is - should_be);
    if (!(apart <= difference)) difference = apart;  // a NaN counts, and stays
  }
  return difference / std::max(largest, 1e-30);
}

}  // namespace dmf
