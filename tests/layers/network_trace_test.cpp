#include "layers/networks/network_trace.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/small_networks.h"

// What a network is said to be made of, against what it does.

namespace dmf {
namespace {

constexpr Index kSide = 96;

std::unique_ptr<Network<double>> with_positive_weights(const NetworkSpec& spec) {
  auto network = make_network<double>(spec);
  Rng rng(9);
  for (auto& [name, tensor] : network->named_tensors()) {
    tensor.copy_from(random_tensor<double>(tensor.shape(), rng, 0.1, 1.0));
  }
  network->train(false);
  return network;
}

/// Of the middle row's pixels, those that change where a column of a black image becomes white. With
/// weights above 0 nothing cancels.
std::vector<std::vector<bool>> changes_by_column(Network<double>& network) {
  const NoGrad no_grad;
  const Index channels = network.spec().in_channels, classes = network.spec().classes;
  const auto middle_row = [&](const Tensor<double>& image) {
    const Tensor<double> logits = network.logits(image).value();
    const double* row = logits.data() + (kSide / 2) * kSide * classes;
    return std::vector<double>(row, row + kSide * classes);
  };
  const auto black = Tensor<double>::zeros(Shape{1, kSide, kSide, channels});
  const std::vector<double> before = middle_row(black);
  std::vector<std::vector<bool>> changed;
  for (Index column = 0; column < kSide; ++column) {
    Tensor<double> image = black.clone();
    for (Index y = 0; y < kSide; ++y) image.data()[(y * kSide + column) * channels] = 1000.0;
    const std::vector<double> after = middle_row(image);
    std::vector<bool>& pixels = changed.emplace_back();
    for (Index x = 0; x < kSide; ++x) {
      pixels.push_back(after[static_cast<std::size_t>(x * classes)] !=
                       before[static_cast<std::size_t>(x * classes)]);
    }
  }
  return changed;
}

}  // namespace

TEST_CASE("network trace: parameters, shapes, and the pixels that a pixel depends on") {
  int with_field = 0;
  for (const NetworkSpec& spec : small_network_specs()) {
    const auto network = with_positive_weights(spec);
    const NetworkTrace trace = trace_network(*network, kSide, kSide);
    CAPTURE(spec.name);
    CAPTURE(with_field);
    Index parameters = 0;
    for (const TracedOp& op : trace.ops) {
      parameters += op.parameters;
      CHECK((op.parameters > 0) == !op.module.empty());
      CHECK_FALSE(op.inputs.empty());
    }
    CHECK(parameters == network->parameter_count());
    CHECK(trace.ops[trace.logits].shape == Shape{1, kSide, kSide, spec.classes});
    const std::optional<ReceptiveField> field = trace.receptive_field();
    const bool by_image = spec.settings.knows("norm") && spec.settings.text("norm") != "batch";
    if (by_image || !field) {
      CHECK_FALSE(field.has_value());
      continue;
    }
    ++with_field;
    CHECK(field->height == field->width);
    REQUIRE(field->width < kSide - 8);  // whole for pixels of every phase of the pooling
    const std::vector<std::vector<bool>> changed = changes_by_column(*network);
    Index longest = 0;
    for (std::size_t x = 0; x < kSide; ++x) {
      Index first = kSide, last = -1;
      for (Index column = 0; column < kSide; ++column) {
        if (!changed[static_cast<std::size_t>(column)][x]) continue;
        first = std::min(first, column);
        last = column;
      }
      longest = std::max(longest, last - first + 1);
    }
    CHECK(field->width == longest);
  }
  CHECK(with_field >= 8);
}

TEST_CASE("network trace: images of any size and shape; nothing of the network is changed") {
  NetworkSpec spec = network_spec("paper");
  spec.settings.set("depth", std::int64_t{2});
  spec.settings.set("base-width", std::int64_t{4});
  const auto network = make_network<float>(spec);
  const auto before = network->named_tensors();
  std::vector<Tensor<float>> copies;
  for (const auto& [name, tensor] : before) copies.push_back(tensor.clone());
  for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {7, 20}}) {
    const NetworkTrace trace = trace_network(*network, height, width);
    CHECK(trace.ops[trace.logits].shape == Shape{1, height, width, 2});
    CHECK(trace.ops.front().inputs == std::vector<std::size_t>{TracedOp::kImage});
  }
  CHECK(network->training());
  std::size_t k = 0;
  for (const auto& [name, tensor] : before) {
    CHECK(std::equal(tensor.span().begin(), tensor.span().end(), copies[k++].span().begin()));
  }
}

TEST_CASE("network trace: the receptive field and the products of a small U-Net, by hand") {
  // One level down: of the image's pixels two 3 x 3 read 5, pooling 6, two more at half the size 14.
  // Two 3 x 3 on the way up read 5 pixels, which come from up to 3 of half the size: 14 + 2 * 2.
  NetworkSpec spec = network_spec("classic");
  spec.settings.set("depth", std::int64_t{1});
  spec.settings.set("base-width", std::int64_t{2});
  const auto network = make_network<float>(spec);
  const NetworkTrace trace = trace_network(*network, 32, 32);
  const std::optional<ReceptiveField> field = trace.receptive_field();
  REQUIRE(field.has_value());
  CHECK(field->width == 18);
  // Channels 1 to 2 to 2; 2 to 4 to 4 at half the size; 4 to 2, kernel 2, from there; 4 to 2 to 2; two logits.
  Index multiplications = 0;
  for (const TracedOp& op : trace.ops) multiplications += op.multiplications;
  CHECK(multiplications ==
        32 * 32 * (9 * (2 + 4) + 9 * (8 + 4) + 4) + 16 * 16 * (9 * (8 + 16) + 4 * 8));
}

}  // namespace dmf
