#include "apps/benchmarks/op_cases.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pixel_nll/pixel_nll.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/soft_confusion/soft_confusion.h"
#include "engine/kernels/softmax/softmax.h"
#include "engine/ops/conv2d.h"

namespace dmf {
namespace {

using Floats = Tensor<float>;

Floats random(const Shape& shape) {
  Rng rng(1);
  Floats t(shape);
  for (float& v : t.span()) v = static_cast<float>(rng.uniform(-1.0, 1.0));
  return t;
}

/// A kernel under either namespace, given where to put the result.
using Kernel = std::function<void(const Floats& out)>;

KernelCase kernel_case(std::string name, double operations, Index elements, const Shape& out,
                       const Kernel& fast, const Kernel& plain) {
  const Floats result(out);
  return {std::move(name), operations, static_cast<double>(elements) * sizeof(float),
          [=] { fast(result); },
          [=] {
            const Floats expected(out);
            fast(result);
            plain(expected);
            double largest = 0.0, difference = 0.0;
            for (Index i = 0; i < expected.numel(); ++i) {
              const double is = result.data()[i], should_be = expected.data()[i];
              largest = std::max(largest, std::abs(should_be));
              const double apart = std::abs(is - should_be);
              if (!(apart <= difference)) difference = apart;  // a NaN counts, and stays
            }
            return difference / std::max(largest, 1e-30);
          }};
}

/// Both convolutions: `fine` is the side that the kernel slides over, conv2d's input.
std::vector<KernelCase> convolution_cases(const OpShape& s, bool transposed) {
  const auto kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride);
  const int before = (kernel - 1) / 2;
  Conv2dSpec spec{stride, stride, {before, before, kernel - 1 - before, kernel - 1 - before}};
  if (transposed) spec.pad = same_transpose_padding(kernel, stride);
  const Index H = transposed ? s.h * s.stride : s.h, W = transposed ? s.w * s.stride : s.w;
  const Padding& pad = spec.pad;
  const Index fine_c = transposed ? s.c_out : s.c_in, coarse_c = transposed ? s.c_in : s.c_out;
  const Floats fine = random(Shape{s.n, H, W, fine_c});
  const Floats coarse =
      random(Shape{s.n, conv2d_output_size(H, kernel, stride, pad.top, pad.bottom),
                   conv2d_output_size(W, kernel, stride, pad.left, pad.right), coarse_c});
  const Floats weight = random(Shape{s.kernel, s.kernel, fine_c, coarse_c});
  const double operations =
      2.0 * static_cast<double>(s.kernel * s.kernel * fine_c) * static_cast<double>(coarse.numel());
  const Index elements = fine.numel() + coarse.numel() + weight.numel();
  const auto to_coarse = [=](auto conv2d_forward) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      conv2d_forward(spec, fine.cview(), weight.cview(), {}, out.view(), workspace);
    };
  };
  const auto to_fine = [=](auto conv2d_backward_data) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      conv2d_backward_data(spec, coarse.cview(), weight.cview(), {}, out.view(), workspace);
    };
  };
  const auto to_weight = [=](auto conv2d_backward_weight) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      conv2d_backward_weight(spec, fine.cview(), coarse.cview(), out.view(), workspace);
    };
  };
  return {
      kernel_case(transposed ? "backward_data" : "forward", operations, elements, coarse.shape(),
                  to_coarse(cpu::conv2d_forward<float>), to_coarse(ref::conv2d_forward<float>)),
      kernel_case(transposed ? "forward" : "backward_data", operations, elements, fine.shape(),
                  to_fine(cpu::conv2d_backward_data<float>),
                  to_fine(ref::conv2d_backward_data<float>)),
      kernel_case("backward_weight", operations, elements, weight.shape(),
                  to_weight(cpu::conv2d_backward_weight<float>),
                  to_weight(ref::conv2d_backward_weight<float>))};
}

std::vector<KernelCase> batch_norm_cases(const OpShape& s) {
  const Shape channels{s.c_in};
  const Floats x = random(Shape{s.n, s.h, s.w, s.c_in}), dy = random(x.shape());
  const Floats gamma = random(channels), beta = random(channels);
  const Floats dgamma(channels), dbeta(channels);
  const auto forward = [=](auto statistics, auto normalise) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      const Tensor<double> mean(channels), var(channels);
      statistics(x.cview(), mean.view(), var.view(), workspace);
      normalise(x.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(), 1e-5, true,
                out.view(), workspace);
    };
  };
  const auto backward = [=](auto kernel) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      const auto mean = Tensor<double>::full(channels, 0.1),
                 var = Tensor<double>::full(channels, 0.3);
      kernel(x.cview(), dy.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(), 1e-5,
             true, true, out.view(), dgamma.view(), dbeta.view(), workspace);
    };
  };
  const auto n = static_cast<double>(x.numel());
  return {kernel_case("forward", 7 * n, 2 * x.numel(), x.shape(),
                      forward(cpu::batch_norm_statistics<float>, cpu::batch_norm_forward<float>),
                      forward(ref::batch_norm_statistics<float>, ref::batch_norm_forward<float>)),
          kernel_case("backward", 12 * n, 3 * x.numel(), x.shape(),
                      backward(cpu::batch_norm_backward<float>),
                      backward(ref::batch_norm_backward<float>))};
}

std::vector<KernelCase> pool_cases(const OpShape& s) {
  const auto kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride);
  const Pool2dSpec spec{kernel, kernel, stride, stride, {}};
  const Floats x = random(Shape{s.n, s.h, s.w, s.c_in});
  const Floats dy = random(Shape{s.n, conv2d_output_size(s.h, kernel, stride, 0, 0),
                                 conv2d_output_size(s.w, kernel, stride, 0, 0), s.c_in});
  const Tensor<std::uint8_t> winners(dy.shape());
  ref::max_pool2d_forward<float>(spec, x.cview(), dy.clone().view(), winners.view());
  const auto forward = [=](auto pool) {
    const Tensor<std::uint8_t> places(dy.shape());
    return [=](const Floats& out) { pool(spec, x.cview(), out.view(), places.view()); };
  };
  const auto backward = [=](auto pool) {
    return [=](const Floats& out) { pool(spec, winners.cview(), dy.cview(), out.view()); };
  };
  const Index elements = x.numel() + dy.numel() + dy.numel() / 4;
  const auto n = static_cast<double>(x.numel());
  return {kernel_case("forward", n, elements, dy.shape(), forward(cpu::max_pool2d_forward<float>),
                      forward(ref::max_pool2d_forward<float>)),
          kernel_case("backward", n, elements, x.shape(), backward(cpu::max_pool2d_backward<float>),
                      backward(ref::max_pool2d_backward<float>))};
}

std::vector<KernelCase> concat_cases(const OpShape& s) {
  const Floats a = random(Shape{s.n, s.h, s.w, s.c_in}), b = random(Shape{s.n, s.h, s.w, s.c_out});
  const Floats whole = random(Shape{s.n, s.h, s.w, s.c_in + s.c_out}), db(b.shape());
  const auto join = [=](auto concat) {
    return [=](const Floats& out) {
      concat(std::vector<ConstView<float>>{a.cview(), b.cview()}, out.view());
    };
  };
  const auto split = [=](auto kernel) {
    return [=](const Floats& out) {
      kernel(whole.cview(), std::vector<View<float>>{out.view(), db.view()});
    };
  };
  return {kernel_case("forward", 0, 2 * whole.numel(), whole.shape(),
                      join(cpu::concat_channels<float>), join(ref::concat_channels<float>)),
          kernel_case("backward", 0, 2 * whole.numel(), a.shape(),
                      split(cpu::split_channels<float>), split(ref::split_channels<float>))};
}

std::vector<KernelCase> loss_cases(const OpShape& s) {
  const Floats x = random(Shape{s.n, s.h, s.w, s.c_in}), log_probs(x.shape());
  ref::log_softmax_forward<float>(x.cview(), log_probs.view());
  Tensor<std::int32_t> target(Shape{s.n, s.h, s.w});
  Rng rng(2);
  for (auto& t : target.span())
    t = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(s.c_in)));
  const auto n = static_cast<double>(x.numel());
  if (s.op == "log_softmax") {
    const auto forward = [=](auto kernel) {
      return [=](const Floats& out) { kernel(x.cview(), out.view()); };
    };
    const auto backward = [=](auto kernel) {
      return [=](const Floats& out) { kernel(log_probs.cview(), x.cview(), out.view()); };
    };
    return {kernel_case("forward", 4 * n, 2 * x.numel(), x.shape(),
                        forward(cpu::log_softmax_forward<float>),
                        forward(ref::log_softmax_forward<float>)),
            kernel_case("backward", 4 * n, 3 * x.numel(), x.shape(),
                        backward(cpu::log_softmax_backward<float>),
                        backward(ref::log_softmax_backward<float>))};
  }
  if (s.op == "soft_confusion") {
    const Floats dcounts = random(Shape{3, 1, s.c_in});
    const auto forward = [=](auto kernel) {
      return [=](const Floats& out) {
        Workspace workspace(Device::cpu());
        kernel(SoftConfusionSpec{}, log_probs.cview(), target.cview(), out.view(), workspace);
      };
    };
    const auto backward = [=](auto kernel) {
      return [=](const Floats& out) {
        kernel(SoftConfusionSpec{}, log_probs.cview(), target.cview(), dcounts.cview(), out.view());
      };
    };
    return {kernel_case("forward", 5 * n, x.numel() + target.numel(), dcounts.shape(),
                        forward(cpu::soft_confusion_forward<float>),
                        forward(ref::soft_confusion_forward<float>)),
            kernel_case("backward", 4 * n, 2 * x.numel() + target.numel(), x.shape(),
                        backward(cpu::soft_confusion_backward<float>),
                        backward(ref::soft_confusion_backward<float>))};
  }
  const auto ones = Tensor<double>::full(Shape{s.c_in}, 1.0);
  const auto one = Floats::full(Shape{1}, 1.0f);
  const auto forward = [=](auto kernel) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      kernel(PixelNllSpec{}, log_probs.cview(), target.cview(), ones.cview(), ones.cview(),
             out.view(), workspace);
    };
  };
  const auto backward = [=](auto kernel) {
    return [=](const Floats& out) {
      Workspace workspace(Device::cpu());
      kernel(PixelNllSpec{}, log_probs.cview(), target.cview(), ones.cview(), ones.cview(),
             one.cview(), out.view(), workspace);
    };
  };
  return {
      kernel_case("forward", n, x.numel() + target.numel(), Shape{1},
                  forward(cpu::pixel_nll_forward<float>), forward(ref::pixel_nll_forward<float>)),
      kernel_case("backward", n, 2 * x.numel() + target.numel(), x.shape(),
                  backward(cpu::pixel_nll_backward<float>),
                  backward(ref::pixel_nll_backward<float>))};
}

std::vector<KernelCase> adam_cases(const OpShape& s) {
  const Shape shape{s.c_in};
  const Floats gradient = random(shape), start = random(shape);
  const AdamSpec spec{0.9, 0.999, 1e-8, 0.0, false};
  const auto schedule = Tensor<double>::from(std::array{1e-3, 1.0}, Shape{2});
  const auto norm = Tensor<double>::from(std::array{1.0, 1.0}, Shape{2});
  const auto step = [=](auto adam, const Floats& out, const Floats& m, const Floats& v) {
    const AdamTensors<float> tensors{gradient.cview(), out.view(), m.view(), v.view()};
    Workspace workspace(Device::cpu());
    adam(spec, schedule.cview(), norm.cview(), std::span(&tensors, 1), workspace);
  };
  const auto update = [=](auto adam) {
    const Floats m = Floats::zeros(shape), v = Floats::zeros(shape);
    return [=](const Floats& out) { step(adam, out, m, v); };
  };
  // Each namespace updates parameters of its own from the same start, once.
  const auto from_start = [=](auto adam) {
    return [=](const Floats& out) {
      const Floats m = Floats::zeros(shape), v = Floats::zeros(shape);
      out.copy_from(start);
      step(adam, out, m, v);
    };
  };
  KernelCase timed = kernel_case("step", 12.0 * static_cast<double>(s.c_in), 7 * s.c_in, shape,
                                 update(cpu::adam_step<float>), update(ref::adam_step<float>));
  timed.error = kernel_case("step", 0, 0, shape, from_start(cpu::adam_step<float>),
                            from_start(ref::adam_step<float>))
                    .error;
  return {timed};
}

}  // namespace

std::vector<KernelCase> kernel_cases(const OpShape& s) {
  DMF_CHECK(std::min({s.n, s.h, s.w, s.c_in}) >= 1 && std::min({s.c_out, s.kernel, s.stride}) >= 0,
            ValueError, "[bench] {} {}: expected sizes of at least 1.", s.op, s.str());
  const bool windowed = s.op == "conv2d" || s.op == "conv_transpose2d" || s.op == "max_pool2d";
  DMF_CHECK(!windowed || std::min(s.kernel, s.stride) >= 1, ValueError,
            "[bench] {} {}: expected a kernel and a stride of at least 1.", s.op, s.str());
  if (s.op == "conv2d" || s.op == "conv_transpose2d") {
    DMF_CHECK(s.c_out >= 1, ValueError, "[bench] {} {}: expected c_out.", s.op, s.str());
    return convolution_cases(s, s.op == "conv_transpose2d");
  }
  if (s.op == "batch_norm2d") return batch_norm_cases(s);
  if (s.op == "max_pool2d") return pool_cases(s);
  if (s.op == "concat") return concat_cases(s);
  if (s.op == "log_softmax" || s.op == "pixel_nll" || s.op == "soft_confusion") {
    return loss_cases(s);
  }
  DMF_CHECK(s.op == "adam", ValueError,
            "[bench] unknown op '{}': expected conv2d, conv_transpose2d, batch_norm2d, max_pool2d, "
            "concat, log_softmax, pixel_nll, soft_confusion or adam.",
            s.op);
  return adam_cases(s);
}

}  // namespace dmf
