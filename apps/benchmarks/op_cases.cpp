#include "apps/benchmarks/op_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <sstream>

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

/// A kernel under either namespace: given the images to work on (a batch, or its first alone) and
/// where to put the result.
using Kernel = std::function<void(Index images, const Floats& out)>;

/// The first image of a batch; a tensor that is no batch as it is.
Shape first_image(const Shape& shape, bool batched) {
  return batched ? shape.with(0, 1) : shape;
}

/// batched  whether `out` has an entry for each image
KernelCase kernel_case(std::string name, double operations, Index elements, Index batch,
                       const Shape& out, bool batched, const Kernel& fast, const Kernel& plain) {
  const Floats result(out);
  return {std::move(name), operations, static_cast<double>(elements) * sizeof(float),
          [=] { fast(batch, result); },
          [=] {
            const Floats a(first_image(out, batched)), b(a.shape());
            fast(1, a);
            plain(1, b);
            double largest = 0.0, difference = 0.0;
            for (Index i = 0; i < a.numel(); ++i) {
              largest = std::max(largest, std::abs(static_cast<double>(b.data()[i])));
              difference =
                  std::max(difference, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
            }
            return difference / std::max(largest, 1e-30);
          }};
}

ConstView<float> images_of(const Floats& t, Index images) {
  return {t.data(), t.shape().with(0, images)};
}
View<float> writable(const Floats& t, Index images) {
  return {t.data(), t.shape().with(0, images)};
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
  const auto run = [=](auto conv) {
    return [=](Index images, const Floats& out) {
      Workspace workspace(Device::cpu());
      conv(images, out, workspace);
    };
  };
  const auto to_coarse = [=](auto conv2d_forward) {
    return run([=](Index images, const Floats& out, Workspace& workspace) {
      conv2d_forward(spec, images_of(fine, images), weight.cview(), {}, writable(out, images),
                     workspace);
    });
  };
  const auto to_fine = [=](auto conv2d_backward_data) {
    return run([=](Index images, const Floats& out, Workspace& workspace) {
      conv2d_backward_data(spec, images_of(coarse, images), weight.cview(), {},
                           writable(out, images), workspace);
    });
  };
  const auto to_weight = [=](auto conv2d_backward_weight) {
    return run([=](Index images, const Floats& out, Workspace& workspace) {
      conv2d_backward_weight(spec, images_of(fine, images), images_of(coarse, images), out.view(),
                             workspace);
    });
  };
  return {kernel_case(transposed ? "backward_data" : "forward", operations, elements, s.n,
                      coarse.shape(), true, to_coarse(cpu::conv2d_forward<float>),
                      to_coarse(ref::conv2d_forward<float>)),
          kernel_case(transposed ? "forward" : "backward_data", operations, elements, s.n,
                      fine.shape(), true, to_fine(cpu::conv2d_backward_data<float>),
                      to_fine(ref::conv2d_backward_data<float>)),
          kernel_case("backward_weight", operations, elements, s.n, weight.shape(), false,
                      to_weight(cpu::conv2d_backward_weight<float>),
                      to_weight(ref::conv2d_backward_weight<float>))};
}

std::vector<KernelCase> batch_norm_cases(const OpShape& s) {
  const Shape channels{s.c_in};
  const Floats x = random(Shape{s.n, s.h, s.w, s.c_in}), dy = random(x.shape());
  const Floats gamma = random(channels), beta = random(channels);
  const Floats dgamma(channels), dbeta(channels);
  const auto forward = [=](auto statistics, auto normalise) {
    return [=](Index images, const Floats& out) {
      Workspace workspace(Device::cpu());
      const Tensor<double> mean(channels), var(channels);
      statistics(images_of(x, images), mean.view(), var.view(), workspace);
      normalise(images_of(x, images), mean.cview(), var.cview(), gamma.cview(), beta.cview(), 1e-5,
                true, writable(out, images), workspace);
    };
  };
  const auto backward = [=](auto kernel) {
    return [=](Index images, const Floats& out) {
      Workspace workspace(Device::cpu());
      const auto mean = Tensor<double>::full(channels, 0.1),
                 var = Tensor<double>::full(channels, 0.3);
      kernel(images_of(x, images), images_of(dy, images), mean.cview(), var.cview(), gamma.cview(),
             beta.cview(), 1e-5, true, true, writable(out, images), dgamma.view(), dbeta.view(),
             workspace);
    };
  };
  const auto n = static_cast<double>(x.numel());
  return {kernel_case("forward", 7 * n, 2 * x.numel(), s.n, x.shape(), true,
                      forward(cpu::batch_norm_statistics<float>, cpu::batch_norm_forward<float>),
                      forward(ref::batch_norm_statistics<float>, ref::batch_norm_forward<float>)),
          kernel_case("backward", 12 * n, 3 * x.numel(), s.n, x.shape(), true,
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
    return [=](Index images, const Floats& out) {
      pool(spec, images_of(x, images), writable(out, images),
           View<std::uint8_t>(places.data(), places.shape().with(0, images)));
    };
  };
  const auto backward = [=](auto pool) {
    return [=](Index images, const Floats& out) {
      pool(spec, ConstView<std::uint8_t>(winners.data(), winners.shape().with(0, images)),
           images_of(dy, images), writable(out, images));
    };
  };
  const Index elements = x.numel() + dy.numel() + dy.numel() / 4;
  const auto n = static_cast<double>(x.numel());
  return {
      kernel_case("forward", n, elements, s.n, dy.shape(), true,
                  forward(cpu::max_pool2d_forward<float>), forward(ref::max_pool2d_forward<float>)),
      kernel_case("backward", n, elements, s.n, x.shape(), true,
                  backward(cpu::max_pool2d_backward<float>),
                  backward(ref::max_pool2d_backward<float>))};
}

std::vector<KernelCase> concat_cases(const OpShape& s) {
  const Floats a = random(Shape{s.n, s.h, s.w, s.c_in}), b = random(Shape{s.n, s.h, s.w, s.c_out});
  const Floats whole = random(Shape{s.n, s.h, s.w, s.c_in + s.c_out}), db(b.shape());
  const auto join = [=](auto concat) {
    return [=](Index images, const Floats& out) {
      concat(std::vector<ConstView<float>>{images_of(a, images), images_of(b, images)},
             writable(out, images));
    };
  };
  const auto split = [=](auto kernel) {
    return [=](Index images, const Floats& out) {
      kernel(images_of(whole, images),
             std::vector<View<float>>{writable(out, images), writable(db, images)});
    };
  };
  return {kernel_case("forward", 0, 2 * whole.numel(), s.n, whole.shape(), true,
                      join(cpu::concat_channels<float>), join(ref::concat_channels<float>)),
          kernel_case("backward", 0, 2 * whole.numel(), s.n, a.shape(), true,
                      split(cpu::split_channels<float>), split(ref::split_channels<float>))};
}

std::vector<KernelCase> loss_cases(const OpShape& s) {
  const Floats x = random(Shape{s.n, s.h, s.w, s.c_in}), log_probs(x.shape());
  ref::log_softmax_forward<float>(x.cview(), log_probs.view());
  Tensor<std::int32_t> target(Shape{s.n, s.h, s.w});
  Rng rng(2);
  for (auto& t : target.span())
    t = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(s.c_in)));
  const auto labels = [=](Index images) {
    return ConstView<std::int32_t>(target.data(), target.shape().with(0, images));
  };
  const auto n = static_cast<double>(x.numel());
  if (s.op == "log_softmax") {
    const auto forward = [=](auto kernel) {
      return [=](Index images, const Floats& out) {
        kernel(images_of(x, images), writable(out, images));
      };
    };
    const auto backward = [=](auto kernel) {
      return [=](Index images, const Floats& out) {
        kernel(images_of(log_probs, images), images_of(x, images), writable(out, images));
      };
    };
    return {kernel_case("forward", 4 * n, 2 * x.numel(), s.n, x.shape(), true,
                        forward(cpu::log_softmax_forward<float>),
                        forward(ref::log_softmax_forward<float>)),
            kernel_case("backward", 4 * n, 3 * x.numel(), s.n, x.shape(), true,
                        backward(cpu::log_softmax_backward<float>),
                        backward(ref::log_softmax_backward<float>))};
  }
  if (s.op == "soft_confusion") {
    const Floats dcounts = random(Shape{3, 1, s.c_in});
    const auto forward = [=](auto kernel) {
      return [=](Index images, const Floats& out) {
        Workspace workspace(Device::cpu());
        kernel(SoftConfusionSpec{}, images_of(log_probs, images), labels(images), out.view(),
               workspace);
      };
    };
    const auto backward = [=](auto kernel) {
      return [=](Index images, const Floats& out) {
        kernel(SoftConfusionSpec{}, images_of(log_probs, images), labels(images), dcounts.cview(),
               writable(out, images));
      };
    };
    return {kernel_case("forward", 5 * n, x.numel() + target.numel(), s.n, dcounts.shape(), false,
                        forward(cpu::soft_confusion_forward<float>),
                        forward(ref::soft_confusion_forward<float>)),
            kernel_case("backward", 4 * n, 2 * x.numel() + target.numel(), s.n, x.shape(), true,
                        backward(cpu::soft_confusion_backward<float>),
                        backward(ref::soft_confusion_backward<float>))};
  }
  const auto ones = Tensor<double>::full(Shape{s.c_in}, 1.0);
  const auto one = Floats::full(Shape{1}, 1.0f);
  const auto forward = [=](auto kernel) {
    return [=](Index images, const Floats& out) {
      Workspace workspace(Device::cpu());
      kernel(PixelNllSpec{}, images_of(log_probs, images), labels(images), ones.cview(),
             ones.cview(), out.view(), workspace);
    };
  };
  const auto backward = [=](auto kernel) {
    return [=](Index images, const Floats& out) {
      Workspace workspace(Device::cpu());
      kernel(PixelNllSpec{}, images_of(log_probs, images), labels(images), ones.cview(),
             ones.cview(), one.cview(), writable(out, images), workspace);
    };
  };
  return {
      kernel_case("forward", n, x.numel() + target.numel(), s.n, Shape{1}, false,
                  forward(cpu::pixel_nll_forward<float>), forward(ref::pixel_nll_forward<float>)),
      kernel_case("backward", n, 2 * x.numel() + target.numel(), s.n, x.shape(), true,
                  backward(cpu::pixel_nll_backward<float>),
                  backward(ref::pixel_nll_backward<float>))};
}

std::vector<KernelCase> adam_cases(const OpShape& s) {
  const Shape shape{s.c_in};
  const Floats gradient = random(shape), start = random(shape);
  const AdamStep step{1e-3, 0.9, 0.999, 1e-8, 0.0, false, 1};
  const auto update = [=](auto adam) {
    const Floats m = Floats::zeros(shape), v = Floats::zeros(shape);
    return [=](Index, const Floats& out) {
      adam(step, gradient.cview(), out.view(), m.view(), v.view());
    };
  };
  // Each namespace updates parameters of its own from the same start, once.
  const auto from_start = [=](auto adam) {
    return [=](Index, const Floats& out) {
      const Floats m = Floats::zeros(shape), v = Floats::zeros(shape);
      out.copy_from(start);
      adam(step, gradient.cview(), out.view(), m.view(), v.view());
    };
  };
  KernelCase timed =
      kernel_case("step", 12.0 * static_cast<double>(s.c_in), 7 * s.c_in, 1, shape, false,
                  update(cpu::adam_step<float>), update(ref::adam_step<float>));
  timed.error = kernel_case("step", 0, 0, 1, shape, false, from_start(cpu::adam_step<float>),
                            from_start(ref::adam_step<float>))
                    .error;
  return {timed};
}

}  // namespace

std::string OpShape::str() const {
  if (op == "adam") return fmt::format("{}", c_in);
  std::string text = fmt::format("{}x{}x{}x{}", n, h, w, c_in);
  if (c_out > 0) text += fmt::format(" -> {}", c_out);
  if (kernel > 0) text += fmt::format(", {0}x{0}", kernel);
  if (stride > 1) text += fmt::format(" stride {}", stride);
  return text;
}

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

std::vector<OpShape> unet_shapes(Index n, Index image) {
  constexpr Index kWidth = 32, kDepth = 4;
  std::vector<OpShape> shapes;
  const auto conv = [&](Index level, Index c_in, Index c_out) {
    shapes.push_back({"conv2d", n, image >> level, image >> level, c_in, c_out, 3, 1});
  };
  for (Index level = 0; level < kDepth; ++level) {
    const Index width = kWidth << level;
    conv(level, level == 0 ? 1 : width / 2, width);  // both networks
    conv(level, width, width);                       // classic
    conv(level, 2 * width, width);
  }
  conv(kDepth, (kWidth << kDepth) / 2, kWidth << kDepth);
  conv(kDepth, kWidth << kDepth, kWidth << kDepth);
  shapes.push_back({"conv2d", n, image, image, kWidth, 2, 1, 1});
  for (Index level = 0; level < kDepth; ++level) {
    const Index width = kWidth << level, size = image >> (level + 1);
    const Index from = level == kDepth - 1 ? width : 4 * width;  // paper: [up, skip] from below
    shapes.push_back({"conv_transpose2d", n, size, size, from, width, 3, 2});
    shapes.push_back({"conv_transpose2d", n, size, size, 2 * width, width, 2, 2});  // classic
  }
  for (Index level = 0; level < kDepth; ++level) {
    const Index size = image >> level, width = kWidth << level;
    shapes.push_back({"batch_norm2d", n, size, size, width, 0, 0, 0});
    shapes.push_back({"max_pool2d", n, size, size, width, 0, 2, 2});
    shapes.push_back({"concat", n, size, size, width, width, 0, 0});
  }
  for (const char* op : {"log_softmax", "pixel_nll", "soft_confusion"}) {
    shapes.push_back({op, n, image, image, 2, 0, 0, 0});
  }
  for (const Index parameters : {1754338, 7765442}) {
    shapes.push_back({"adam", 1, 1, 1, parameters, 0, 0, 0});
  }
  std::erase_if(shapes, [](const OpShape& s) { return s.h < 1; });
  return shapes;
}

std::vector<OpShape> read_shapes(const std::filesystem::path& path) {
  std::ifstream file(path);
  DMF_CHECK(file.good(), IoError, "[bench] cannot read {}.", path.string());
  const std::string header = "op,n,h,w,c_in,c_out,kernel,stride";
  std::string line;
  std::getline(file, line);
  DMF_CHECK(line == header, IoError, "[bench] {}: the first line is '{}', expected '{}'.",
            path.string(), line, header);
  std::vector<OpShape> shapes;
  for (int number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    std::istringstream fields(line);
    OpShape s{};
    std::getline(fields, s.op, ',');
    bool sound = true;
    for (Index* field : {&s.n, &s.h, &s.w, &s.c_in, &s.c_out, &s.kernel, &s.stride}) {
      std::string text;
      sound = sound && std::getline(fields, text, ',') && std::istringstream(text) >> *field;
      // More than any tensor here should have on an axis; their product must not overflow.
      sound = sound && *field >= 0 && *field <= (Index{1} << 24);
    }
    DMF_CHECK(sound, IoError, "[bench] {} line {}: '{}', expected {}.", path.string(), number, line,
              header);
    shapes.push_back(s);
  }
  return shapes;
}

}  // namespace dmf
