#include <algorithm>

#include "apps/living_page/calls.h"
#include "engine/ops/conv2d.h"

using namespace dmf;

int living_conv2d(int size, int kernel, const double* x, const double* weight, const double* dy,
                  double* y, double* dx, double* dweight) {
  return guarded([&] {
    const auto from = [](const double* numbers, const Shape& shape) {
      return Tensor<double>::from({numbers, static_cast<std::size_t>(shape.numel())}, shape);
    };
    const auto to = [](const Tensor<double>& tensor, double* numbers) {
      std::copy_n(tensor.data(), tensor.numel(), numbers);
    };
    const Shape image{1, size, size, 1};
    const Variable<double> input(from(x, image), true);
    const Variable<double> filter(from(weight, Shape{kernel, kernel, 1, 1}), true);
    Conv2dSpec spec;
    const int before = (kernel - 1) / 2, after = kernel - 1 - before;
    spec.pad = {before, before, after, after};
    const Variable<double> output = conv2d(input, filter, {}, spec);
    output.backward(from(dy, output.shape()));
    to(output.value(), y);
    to(input.grad(), dx);
    to(filter.grad(), dweight);
  });
}
