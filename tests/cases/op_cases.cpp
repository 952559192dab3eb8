#include "engine/core/rng.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/concat.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/depthwise_conv2d.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gate.h"
#include "engine/ops/group_norm.h"
#include "engine/ops/pad2d.h"
#include "engine/ops/pixel_sums.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"
#include "engine/ops/store_as.h"
#include "engine/ops/upsample2d.h"
#include "tests/cases/op_case.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using V = Variable<double>;
using Inputs = std::vector<V>;

V parameter(Tensor<double> value) {
  return V(std::move(value), true);
}

/// Inputs of the given shapes, uniform in [-1, 1].
std::function<Inputs(Rng&)> uniform(std::vector<Shape> shapes) {
  return [shapes = std::move(shapes)](Rng& rng) {
    Inputs inputs;
    for (const Shape& shape : shapes)
      inputs.push_back(parameter(random_tensor<double>(shape, rng)));
    return inputs;
  };
}

/// One input whose elements all differ by far more than a step and keep away from 0: max-pooling
/// and ReLU have no kink nearby.
std::function<Inputs(Rng&)> distinct(const Shape& shape) {
  return [shape](Rng& rng) {
    std::vector<double> values;
    for (Index i = 0; i < shape.numel(); ++i) {
      values.push_back(0.01 * static_cast<double>(i - shape.numel() / 2) + 0.005);
    }
    rng.shuffle(values);
    return Inputs{parameter(Tensor<double>::from(values, shape))};
  };
}

OpCase conv(const std::string& name, const Shape& x, const Shape& weight, const Conv2dSpec& spec,
            bool bias = true) {
  std::vector<Shape> shapes = {x, weight};
  if (bias) shapes.push_back(Shape{weight[3]});
  return {Op::conv2d, name, uniform(shapes), [spec](const Inputs& in) {
            return conv2d(in[0], in[1], in.size() > 2 ? in[2] : V(), spec);
          }};
}

OpCase conv_t(const std::string& name, const Shape& x, const Shape& weight, const Conv2dSpec& spec,
              bool bias = true) {
  std::vector<Shape> shapes = {x, weight};
  if (bias) shapes.push_back(Shape{weight[2]});
  return {Op::conv_transpose2d, name, uniform(shapes), [spec](const Inputs& in) {
            return conv_transpose2d(in[0], in[1], in.size() > 2 ? in[2] : V(), spec);
          }};
}

OpCase depthwise(const std::string& name, const Shape& x, Index KH, Index KW,
                 const Conv2dSpec& spec, bool bias = true) {
  std::vector<Shape> shapes = {x, Shape{KH, KW, 1, x[3]}};
  if (bias) shapes.push_back(Shape{x[3]});
  return {Op::depthwise_conv2d, name, uniform(shapes), [spec](const Inputs& in) {
            return depthwise_conv2d(in[0], in[1], in.size() > 2 ? in[2] : V(), spec);
          }};
}

OpCase upsample(const std::string& name, const Shape& x) {
  return {Op::upsample_bilinear2d, name, uniform({x}),
          [](const Inputs& in) { return upsample_bilinear2d(in[0]); }};
}

OpCase batch_norm(const std::string& name, const Shape& x, bool training, bool relu) {
  const Index C = x[3];
  return {Op::batch_norm2d, name,
          [x, C](Rng& rng) {
            return Inputs{parameter(random_tensor<double>(x, rng)),
                          parameter(random_tensor<double>(Shape{C}, rng, 0.5, 1.5)),
                          parameter(random_tensor<double>(Shape{C}, rng, 2.0, 3.0))};
          },
          [C, training, relu](const Inputs& in) {
            const auto mean = Tensor<double>::full(Shape{C}, 0.1, in[0].device());
            const auto var = Tensor<double>::full(Shape{C}, 0.7, in[0].device());
            BatchNorm2dSpec spec;
            spec.training = training;
            spec.relu = relu;
            return batch_norm2d(in[0], in[1], in[2], mean, var, spec);
          }};
}

OpCase groups(const std::string& name, const Shape& x, Index count, double slope) {
  const Index C = x[3];
  return {Op::group_norm, name,
          [x, C](Rng& rng) {
            return Inputs{parameter(random_tensor<double>(x, rng)),
                          parameter(random_tensor<double>(Shape{C}, rng, 0.5, 1.5)),
                          parameter(random_tensor<double>(Shape{C}, rng, 2.0, 3.0))};
          },
          [count, slope](const Inputs& in) {
            return group_norm(in[0], in[1], in[2], {.groups = count, .slope = slope});
          }};
}

OpCase max_pool(const std::string& name, const Shape& x, const Pool2dSpec& spec) {
  return {Op::max_pool2d, name, distinct(x),
          [spec](const Inputs& in) { return max_pool2d(in[0], spec); }};
}

Labels labels_for(const Shape& logits, std::uint64_t seed, std::int32_t ignore_index) {
  Rng rng(seed);
  return {random_labels(Shape(logits.dims().first(3)), static_cast<int>(logits[3]), rng), logits[3],
          ignore_index};
}

/// gammas  of as many cross-entropies
OpCase sums(const std::string& name, const Shape& x, std::int32_t ignore_index,
            PixelSumsRequest request, const std::vector<double>& gammas) {
  for (const double gamma : gammas) {
    NllTerm term{gamma, {}, {}};
    for (Index c = 0; c < x[3]; ++c) {
      term.scale.push_back(0.25 + 0.5 * static_cast<double>(c) + gamma);
      term.normalizer.push_back(1.0 + static_cast<double>(c));
    }
    request.terms.push_back(term);
  }
  return {Op::pixel_sums, name,
          [x](Rng& rng) { return Inputs{parameter(random_tensor<double>(x, rng, -3.0, 3.0))}; },
          [x, ignore_index, request](const Inputs& in) {
            return pixel_sums(in[0], labels_for(x, 5, ignore_index), request).row;
          }};
}

std::vector<OpCase> convolution_cases() {
  return {
      conv("1x1", {2, 3, 4, 5}, {1, 1, 5, 2}, {}),
      conv("3x3 same", {2, 5, 4, 3}, {3, 3, 3, 4}, {1, 1, {1, 1, 1, 1}}),
      conv("same padding, stride 2, odd width", {1, 6, 5, 2}, {3, 3, 2, 3}, {2, 2, {0, 0, 1, 1}}),
      conv("kernel 2x3, stride 1x2, four different pads", {1, 4, 5, 2}, {2, 3, 2, 3},
           {1, 2, {1, 0, 2, 3}}),
      conv("one pixel, no bias", {1, 1, 1, 2}, {3, 3, 2, 2}, {1, 1, {1, 1, 1, 1}}, false),
      conv("stride above the kernel", {1, 5, 5, 2}, {1, 1, 2, 2}, {3, 3, {}}),
      conv("more channels than a panel", {1, 3, 3, 9}, {3, 3, 9, 19}, {1, 1, {1, 1, 1, 1}}),
      conv_t("2x2 stride 2", {2, 3, 2, 3}, {2, 2, 4, 3}, {2, 2, {}}),
      conv_t("3x3 stride 2 same", {2, 3, 2, 3}, {3, 3, 2, 3}, {2, 2, {0, 0, 1, 1}}),
      conv_t("3x3 stride 1", {1, 3, 4, 2}, {3, 3, 3, 2}, {1, 1, {1, 1, 1, 1}}, false),
      conv_t("negative padding appends rows", {1, 2, 2, 2}, {2, 2, 3, 2}, {3, 3, {0, 0, -1, -2}}),
      conv_t("one pixel", {1, 1, 1, 3}, {3, 3, 2, 3}, {2, 2, {0, 0, 1, 1}}),
      depthwise("3x3 same", {2, 5, 4, 3}, 3, 3, {1, 1, {1, 1, 1, 1}}),
      depthwise("7x7 same, more channels than a block", {1, 3, 6, 17}, 7, 7, {1, 1, {3, 3, 3, 3}}),
      depthwise("stride 2, odd width", {1, 6, 5, 2}, 3, 3, {2, 2, {0, 0, 1, 1}}),
      depthwise("kernel 2x3, stride 1x2, four different pads", {1, 4, 5, 2}, 2, 3,
                {1, 2, {1, 0, 2, 3}}),
      depthwise("one pixel, no bias", {1, 1, 1, 2}, 5, 5, {1, 1, {2, 2, 2, 2}}, false),
      depthwise("stride above the kernel", {1, 5, 5, 2}, 1, 1, {3, 3, {}})};
}

std::vector<OpCase> normalisation_cases() {
  const auto logits = [](const Shape& shape) {
    return
        [shape](Rng& rng) { return Inputs{parameter(random_tensor<double>(shape, rng, -4, 4))}; };
  };
  return {batch_norm("training", {2, 3, 4, 3}, true, false),
          batch_norm("training, N = 1, C = 1", {1, 3, 3, 1}, true, false),
          batch_norm("training with ReLU", {2, 3, 2, 4}, true, true),
          batch_norm("evaluation", {2, 3, 4, 3}, false, false),
          batch_norm("evaluation with ReLU, one pixel", {1, 1, 1, 2}, false, true),
          groups("two groups", {2, 3, 2, 4}, 2, 1.0),
          groups("instances, N = 1, odd", {1, 3, 5, 3}, 3, 1.0),
          groups("all channels, ReLU", {2, 2, 3, 3}, 1, 0.0),
          groups("leaky ReLU", {2, 3, 2, 6}, 3, 0.1),
          groups("one pixel", {2, 1, 1, 4}, 2, 0.01),
          {Op::softmax, "two classes", logits({2, 3, 2, 2}),
           [](const Inputs& in) { return softmax(in[0]); }},
          {Op::softmax, "five classes, one pixel", logits({1, 1, 1, 5}),
           [](const Inputs& in) { return softmax(in[0]); }},
          {Op::log_softmax, "three classes", logits({2, 3, 2, 3}),
           [](const Inputs& in) { return log_softmax(in[0]); }}};
}

std::vector<OpCase> elementwise_cases() {
  const Shape shape{2, 3, 2};
  const auto away_from_zero = [shape](Rng& rng) {
    return Inputs{parameter(random_tensor<double>(shape, rng)),
                  parameter(random_tensor<double>(shape, rng, 0.5, 2.0))};
  };
  const auto positive = [shape](Rng& rng) {
    return Inputs{parameter(random_tensor<double>(shape, rng, 0.5, 2.0))};
  };
  return {
      {Op::relu, "both signs", distinct({2, 3, 3, 2}),
       [](const Inputs& in) { return relu(in[0]); }},
      {Op::leaky_relu, "both signs", distinct({2, 3, 3, 2}),
       [](const Inputs& in) { return leaky_relu(in[0]); }},
      {Op::leaky_relu, "slope 0.3, of what can be made again", distinct({2, 3, 3, 2}),
       [](const Inputs& in) {
         const Shape channels{2};
         const auto ones = Tensor<double>::full(channels, 1.0, in[0].device());
         const auto zeros = Tensor<double>::full(channels, 0.0, in[0].device());
         BatchNorm2dSpec spec;
         spec.training = false;
         return leaky_relu(batch_norm2d(in[0], V(ones), V(zeros), zeros, ones, spec), 0.3);
       }},
      {Op::gelu, "both signs", distinct({2, 3, 3, 2}),
       [](const Inputs& in) { return gelu(5.0 * in[0]); }},
      {Op::affine, "scale and shift", uniform({shape}),
       [](const Inputs& in) { return affine(in[0], -2.5, 0.75); }},
      {Op::add, "plain", uniform({shape, shape}), [](const Inputs& in) { return in[0] + in[1]; }},
      {Op::add, "a variable and itself", uniform({shape}),
       [](const Inputs& in) { return in[0] + in[0]; }},
      {Op::subtract, "plain", uniform({shape, shape}),
       [](const Inputs& in) { return in[0] - in[1]; }},
      {Op::multiply, "plain", uniform({shape, shape}),
       [](const Inputs& in) { return in[0] * in[1]; }},
      {Op::exp, "both signs", uniform({shape}), [](const Inputs& in) { return exp(2.0 * in[0]); }},
      {Op::log, "either side of 1", positive, [](const Inputs& in) { return log(in[0]); }},
      {Op::sqrt, "either side of 1", positive, [](const Inputs& in) { return sqrt(in[0]); }},
      {Op::pow, "a broken exponent", positive, [](const Inputs& in) { return pow(in[0], 0.75); }},
      {Op::pow, "squares of both signs", distinct(shape),
       [](const Inputs& in) { return pow(in[0], 2.0); }},
      {Op::pow, "exponent 0", uniform({shape}), [](const Inputs& in) { return pow(in[0], 0.0); }},
      {Op::abs, "both signs", distinct(shape), [](const Inputs& in) { return abs(in[0]); }},
      {Op::maximum, "either", away_from_zero,
       [](const Inputs& in) { return maximum(in[0], in[1] + -0.8); }},
      {Op::minimum, "either", away_from_zero,
       [](const Inputs& in) { return minimum(in[0], in[1] + -0.8); }},
      {Op::divide, "plain", away_from_zero, [](const Inputs& in) { return in[0] / in[1]; }},
      {Op::sum, "all elements", uniform({shape}), [](const Inputs& in) { return sum(in[0]); }},
      {Op::sum, "mean", uniform({shape}), [](const Inputs& in) { return mean(in[0]); }},
      {Op::broadcast, "one to six", uniform({Shape{1}}),
       [](const Inputs& in) {
         return broadcast(in[0], Shape{2, 3});
       }},
      {Op::section, "from the middle", uniform({Shape{3, 2, 2}}),
       [](const Inputs& in) {
         return section(in[0], 3, Shape{2, 3});
       }},
      {Op::store_as, "in full", uniform({shape}),
       [](const Inputs& in) { return 2.0 * store_as(in[0], Storage::full); }},
      {Op::dropout, "a third dropped", uniform({Shape{2, 3, 3, 3}}), [](const Inputs& in) {
         return dropout(in[0], DropoutSpec{1.0 / 3.0, 9, 4});
       }}};
}

std::vector<OpCase> spatial_cases() {
  return {max_pool("2x2", {2, 4, 6, 3}, {}),
          max_pool("odd size", {1, 5, 3, 2}, {}),
          max_pool("3x3 stride 2 padded", {1, 5, 4, 2}, {3, 3, 2, 2, {1, 1, 1, 1}}),
          max_pool("rectangular, more channels than a strip", {1, 3, 4, 70}, {1, 2, 1, 2, {}}),
          {Op::gate, "several channels", uniform({Shape{2, 3, 5, 4}, Shape{2, 3, 5, 1}}),
           [](const Inputs& in) { return gate(in[0], in[1]); }},
          {Op::gate, "one pixel, one channel", uniform({Shape{1, 1, 1, 1}, Shape{1, 1, 1, 1}}),
           [](const Inputs& in) { return gate(in[0], in[1]); }},
          {Op::gate, "by itself", uniform({Shape{1, 2, 2, 1}}),
           [](const Inputs& in) { return gate(in[0], in[0]); }},
          upsample("odd sizes", {2, 3, 5, 3}),
          upsample("one pixel", {1, 1, 1, 2}),
          upsample("one row", {1, 1, 4, 1}),
          {Op::concat, "three parts",
           uniform({Shape{1, 2, 3, 1}, Shape{1, 2, 3, 2}, Shape{1, 2, 3, 3}}),
           [](const Inputs& in) { return concat(in); }},
          {Op::concat, "a part twice", uniform({Shape{1, 2, 2, 2}}),
           [](const Inputs& in) {
             return concat<double>({in[0], in[0]});
           }},
          {Op::pad2d, "four different sides", uniform({Shape{2, 2, 3, 2}}),
           [](const Inputs& in) {
             return pad2d(in[0], {1, 0, 2, 3});
           }},
          {Op::pad2d, "crop", uniform({Shape{1, 4, 5, 2}}), [](const Inputs& in) {
             return pad2d(in[0], {-1, 0, -1, -2});
           }}};
}

std::vector<OpCase> loss_op_cases() {
  const PixelSumsRequest alone{.per_image = false, .counts = false, .terms = {}},
      alone_per_image{.per_image = true, .counts = false, .terms = {}},
      per_image{.per_image = true, .counts = true, .terms = {}};
  return {sums("counts alone", {2, 3, 2, 3}, kNoIgnore, {}, {}),
          sums("cross-entropy alone", {2, 3, 2, 3}, kNoIgnore, alone, {0.0}),
          sums("focal, per image", {2, 3, 2, 3}, kNoIgnore, alone_per_image, {2.0}),
          sums("all, a class ignored", {1, 3, 3, 2}, 1, {}, {0.5, 0.0, 1.0, 3.0, 2.0}),
          sums("all, per image, a class ignored", {2, 2, 2, 3}, 2, per_image, {0.0, 2.0}),
          sums("one class", {1, 2, 2, 1}, kNoIgnore, {}, {2.0})};
}

}  // namespace

std::vector<OpCase> all_op_cases() {
  std::vector<OpCase> all;
  for (const auto& family : {convolution_cases(), normalisation_cases(), elementwise_cases(),
                             spatial_cases(), loss_op_cases()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

}  // namespace dmf
