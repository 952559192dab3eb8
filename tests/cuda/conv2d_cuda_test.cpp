#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/bfloat16.h"
#include "engine/core/compute.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "tests/cases/conv_case.h"
#include "tests/support/random_tensor.h"

// The convolutions of the CUDA backend against the plain ones, in every arithmetic they have.

namespace dmf {
namespace {

template <class S>
Tensor<S> there(const Tensor<S>& x, Storage storage = Storage::full) {
  Tensor<S> moved(x.shape(), Device::cuda(), storage);
  moved.copy_from(x);
  return moved;
}

template <class S>
Tensor<S> blank(const Shape& shape, Storage storage = Storage::full) {
  return there(unwritten<S>(shape), storage);
}

/// What is left of a result that is stored in this way.
template <class S>
Tensor<S> stored(Tensor<S> x, Storage storage) {
  if (storage == Storage::full) return x;
  for (S& v : x.span()) v = static_cast<S>(static_cast<float>(bfloat16(static_cast<float>(v))));
  return x;
}

/// The three passes of one convolution, on the device and by the plain kernels.
template <class S>
struct Passes {
  Tensor<S> y, dx, dweight;
};

struct Arithmetic {
  MatmulPrecision precision = MatmulPrecision::fp32;
  Storage storage = Storage::full;
  double rounding = 0.0;  // of one factor
};

template <class S>
struct Operands {
  Tensor<S> x, weight, dy, scale, shift;
};

template <class S>
Passes<S> on_device(const ConvCase& c, const Operands<S>& in, bool relu,
                    const Arithmetic& arithmetic) {
  const Storage storage = arithmetic.storage;
  Conv2dSpec spec = c.spec;
  spec.precision = arithmetic.precision;
  Workspace workspace(Device::cuda());
  const auto x = there(in.x, storage), dy = there(in.dy, storage), weight = there(in.weight);
  const auto scale = there(in.scale), shift = there(in.shift);
  const Passes<S> out{blank<S>(in.dy.shape(), storage), blank<S>(c.x, storage), blank<S>(c.weight)};
  Conv2dKernels<S>::cuda().forward(spec, x.cview(), weight.cview(),
                                   {scale.cview(), shift.cview(), relu}, out.y.view(), workspace);
  Conv2dKernels<S>::cuda().backward_data(spec, dy.cview(), weight.cview(), {}, out.dx.view(),
                                         workspace);
  Conv2dKernels<S>::cuda().backward_weight(spec, x.cview(), dy.cview(), out.dweight.view(),
                                           workspace);
  return {out.y.to(Device::cpu()), out.dx.to(Device::cpu()), out.dweight.to(Device::cpu())};
}

template <class S>
Passes<S> by_definition(const ConvCase& c, const Operands<S>& in, bool relu) {
  Workspace workspace(Device::cpu());
  const Passes<S> out{unwritten<S>(in.dy.shape()), unwritten<S>(c.x), unwritten<S>(c.weight)};
  Conv2dKernels<S>::reference().forward(c.spec, in.x.cview(), in.weight.cview(),
                                        {in.scale.cview(), in.shift.cview(), relu}, out.y.view(),
                                        workspace);
  Conv2dKernels<S>::reference().backward_data(c.spec, in.dy.cview(), in.weight.cview(), {},
                                              out.dx.view(), workspace);
  Conv2dKernels<S>::reference().backward_weight(c.spec, in.x.cview(), in.dy.cview(),
                                                out.dweight.view(), workspace);
  return out;
}

const Arithmetic kArithmetics[] = {{MatmulPrecision::fp32, Storage::full, 3e-7},
                                   {MatmulPrecision::tf32, Storage::full, 5e-4},
                                   {MatmulPrecision::bf16, Storage::bfloat16, 4e-3}};

/// Beside the cases of the CPU's test: widths about those of a block and of a slab.
std::vector<ConvCase> cuda_convolutions() {
  std::vector<ConvCase> cases = convolutions();
  const Padding same{1, 1, 1, 1};
  cases.push_back({{1, 12, 11, 32}, {3, 3, 32, 64}, {1, 1, same}});
  cases.push_back({{2, 9, 9, 64}, {3, 3, 64, 132}, {1, 1, same}});
  cases.push_back({{1, 5, 5, 260}, {3, 3, 260, 36}, {1, 1, same}});
  cases.push_back({{1, 8, 8, 24}, {3, 3, 24, 40}, {2, 2, {0, 0, 1, 1}}});
  cases.push_back({{1, 10, 10, 8}, {2, 2, 8, 96}, {3, 3, {1, 0, 0, 1}}});
  cases.push_back({{1, 16, 16, 64}, {1, 1, 64, 2}, {}});
  return cases;
}

}  // namespace

TEST_CASE(
    "cuda conv2d: all passes agree exactly with the plain kernels on integers, in every arithmetic") {
  for (const ConvCase& c : cuda_convolutions()) {
    CAPTURE(c.x.str());
    CAPTURE(c.weight.str());
    Rng rng(11);
    const Shape channels{c.weight[3]};
    const Operands<float> in{
        random_integers<float>(c.x, rng, 2), random_integers<float>(c.weight, rng, 2),
        random_integers<float>(output_shape(c), rng, 2), random_integers<float>(channels, rng, 2),
        random_integers<float>(channels, rng, 2)};
    const bool relu = c.weight[3] % 2 == 0;
    const Passes<float> expected = by_definition(c, in, relu);
    for (const Arithmetic& arithmetic : kArithmetics) {
      const Storage storage = arithmetic.storage;
      CAPTURE(name_of(kMatmulPrecisions, arithmetic.precision));
      const Passes<float> got = on_device(c, in, relu, arithmetic);
      CHECK(largest_difference(got.y, stored(expected.y.clone(), storage)) == 0.0);
      CHECK(largest_difference(got.dx, stored(expected.dx.clone(), storage)) == 0.0);
      CHECK(largest_difference(got.dweight, expected.dweight) == 0.0);
    }
  }
}

TEST_CASE("cuda conv2d: double agrees exactly with the plain kernels on integers") {
  for (const ConvCase& c : cuda_convolutions()) {
    CAPTURE(c.x.str());
    CAPTURE(c.weight.str());
    Rng rng(12);
    const Shape channels{c.weight[3]};
    const Operands<double> in{
        random_integers<double>(c.x, rng), random_integers<double>(c.weight, rng),
        random_integers<double>(output_shape(c), rng), random_integers<double>(channels, rng),
        random_integers<double>(channels, rng)};
    const Passes<double> expected = by_definition(c, in, false);
    const Passes<double> got = on_device(c, in, false, {});
    CHECK(largest_difference(got.y, expected.y) == 0.0);
    CHECK(largest_difference(got.dx, expected.dx) == 0.0);
    CHECK(largest_difference(got.dweight, expected.dweight) == 0.0);
  }
}

TEST_CASE("cuda conv2d: real numbers agree within the rounding of their factors") {
  const Padding same{1, 1, 1, 1};
  for (const ConvCase& c : {ConvCase{{2, 13, 11, 20}, {3, 3, 20, 36}, {1, 1, same}},
                            ConvCase{{1, 9, 8, 5}, {3, 3, 5, 7}, {2, 2, {0, 0, 1, 1}}},
                            ConvCase{{1, 7, 9, 72}, {3, 3, 72, 16}, {1, 1, same}}}) {
    CAPTURE(c.x.str());
    Rng rng(13);
    const Shape channels{c.weight[3]};
    const Operands<float> in{random_tensor<float>(c.x, rng), random_tensor<float>(c.weight, rng),
                             random_tensor<float>(output_shape(c), rng),
                             random_tensor<float>(channels, rng),
                             random_tensor<float>(channels, rng)};
    const Passes<float> expected = by_definition(c, in, false);
    for (const Arithmetic& arithmetic : kArithmetics) {
      const Storage storage = arithmetic.storage;
      CAPTURE(name_of(kMatmulPrecisions, arithmetic.precision));
      const Passes<float> got = on_device(c, in, false, arithmetic);
      const auto close = [rounding = arithmetic.rounding](const Tensor<float>& a,
                                                          const Tensor<float>& b, Index terms) {
        CHECK(largest_difference(a, b) <
              4.0 * rounding * std::sqrt(static_cast<double>(terms)) + 1e-5);
      };
      const Index taps = c.weight[0] * c.weight[1];
      close(got.y, expected.y, taps * c.weight[2]);
      close(got.dx, expected.dx, taps * c.weight[3]);
      close(got.dweight, expected.dweight, in.dy.numel() / c.weight[3]);
      const Passes<float> again = on_device(c, in, false, arithmetic);  // bit for bit
      CHECK(largest_difference(got.y, again.y) == 0.0);
      CHECK(largest_difference(got.dx, again.dx) == 0.0);
      CHECK(largest_difference(got.dweight, again.dweight) == 0.0);
    }
  }
}

}  // namespace dmf
