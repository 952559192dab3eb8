#include <doctest/doctest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include "engine/core/check.h"
#include "layers/networks/networks.h"
#include "layers/networks/unet.h"
#include "tests/support/random_tensor.h"

// What holds for every network of the table.

namespace dmf {
namespace {

using doctest::Contains;

/// Small, where the network has a setting for it.
NetworkSpec small_spec(const NetworkEntry& entry) {
  NetworkSpec spec = network_spec(entry.name);
  spec.in_channels = 3;
  spec.classes = 4;
  if (spec.settings.knows("base-width")) spec.settings.set("base-width", std::int64_t{4});
  if (spec.settings.knows("cmunext-widths")) {
    spec.settings.set("cmunext-widths", std::vector<double>{4, 4, 8, 8, 12});
  }
  if (spec.settings.knows("residual-blocks")) {
    spec.settings.set("residual-blocks", std::vector<double>{1, 2});
  }
  return spec;
}

}  // namespace

TEST_CASE("networks: each is known by its name, says how large it is, and is told by its spec") {
  for (const NetworkEntry& entry : networks()) {
    CAPTURE(entry.name);
    const NetworkSpec spec = small_spec(entry);
    const auto network = make_network<float>(spec);
    CHECK(network->spec().name == entry.name);
    CHECK(network->spec().in_channels == 3);
    CHECK(network->spec().classes == 4);
    for (const Setting& setting : entry.settings) {
      CHECK(network->spec().settings.value(setting.name) == spec.settings.value(setting.name));
    }
    CHECK(network->parameter_count() == parameter_count(spec));
    std::set<std::string> names;
    for (const auto& p : network->named_parameters()) CHECK(names.insert(p.name).second);
    for (const auto& b : network->named_buffers()) CHECK(names.insert(b.name).second);
  }
  const std::string refusal =
      "[model] got 'unetr', expected " + any_of_text(names_of(networks())) + ".";
  CHECK_THROWS_WITH_AS(network_spec("unetr"), refusal.c_str(), ValueError);
  NetworkSpec spec = network_spec(networks().front().name);
  spec.classes = 1;
  CHECK_THROWS_WITH_AS(make_network<float>(spec),
                       Contains("[network] classes: got 1, expected 2 to 256."), ValueError);
}

TEST_CASE("networks: the same in float and double, for images of any size") {
  for (const NetworkEntry& entry : networks()) {
    CAPTURE(entry.name);
    const NetworkSpec spec = small_spec(entry);
    const auto network = make_network<float>(spec);
    const auto twin = make_network<double>(spec);
    const auto twins = twin->named_tensors();
    for (const auto& [name, tensor] : network->named_tensors()) {
      for (Index i = 0; i < tensor.numel(); ++i) {
        CHECK(tensor.data()[i] == static_cast<float>(twins.at(name).data()[i]));
      }
    }
    network->train(false);
    for (const Shape& x : {Shape{1, 1, 1, 3}, Shape{2, 5, 7, 3}, Shape{1, 16, 32, 3}}) {
      Rng rng(1);
      const Variable<float> images(random_tensor<float>(x, rng));
      CHECK(network->forward(images).shape() == x.with(3, 4));
    }
  }
}

TEST_CASE("networks: kept weights change nothing of what is computed, for several sizes at once") {
  for (const NetworkEntry& entry : networks()) {
    CAPTURE(entry.name);
    NetworkSpec spec = small_spec(entry);
    if (spec.settings.knows("base-width")) spec.settings.set("base-width", std::int64_t{8});
    const auto network = make_network<float>(spec);
    network->train(false);
    Rng rng(1);
    std::vector<Variable<float>> images;
    std::vector<Tensor<float>> expected;
    {
      const NoGrad no_grad;
      // The first is large enough for Winograd's forms in the upper levels, the second nowhere.
      for (const Shape& x : {Shape{1, 48, 64, 3}, Shape{1, 5, 7, 3}}) {
        images.emplace_back(random_tensor<float>(x, rng));
        expected.push_back(network->forward(images.back()).value());
      }
    }
    network->keep_weights();
    std::vector<std::thread> threads;
    std::array<double, 8> differences{};
    for (std::size_t k = 0; k < differences.size(); ++k) {
      threads.emplace_back([&, k] {
        const NoGrad no_grad;
        const std::size_t which = k % images.size();
        differences[k] =
            largest_difference(network->forward(images[which]).value(), expected[which]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const double difference : differences) CHECK(difference == 0.0);
  }
}

TEST_CASE(
    "networks: of kept weights what is recorded sees nothing, and keeping anew what changed") {
  for (const NetworkEntry& entry : networks()) {
    CAPTURE(entry.name);
    const auto network = make_network<float>(small_spec(entry));
    network->train(false);
    network->keep_weights();
    Rng rng(1);
    const Variable<float> x(random_tensor<float>(Shape{1, 16, 16, 3}, rng));
    const auto inferred = [&] {
      const NoGrad no_grad;
      return network->forward(x).value();
    };
    const Tensor<float> before = inferred();
    for (const auto& parameter : network->named_parameters()) {
      if (!parameter.name.ends_with("weight")) continue;
      Tensor<float> weight = parameter.variable.value();
      for (Index i = 0; i < weight.numel(); ++i) weight.data()[i] *= 1.5f;
    }
    const Tensor<float> recorded = network->forward(x).value();
    CHECK(largest_difference(before, recorded) > 1e-3 * largest_magnitude(before));
    network->keep_weights();
    CHECK(largest_difference(inferred(), recorded) < 1e-4 * largest_magnitude(recorded));
    network->keep_weights(false);
    CHECK(largest_difference(inferred(), recorded) < 1e-4 * largest_magnitude(recorded));
  }
}

TEST_CASE("networks: what draws random numbers says so, and draws none in evaluation") {
  Rng rng(1);
  const Variable<float> x(random_tensor<float>(Shape{2, 16, 16, 3}, rng));
  for (const NetworkEntry& entry : networks()) {
    CAPTURE(entry.name);
    NetworkSpec spec = small_spec(entry);
    CHECK_FALSE(make_network<float>(spec)->is_random());
    if (!spec.settings.knows("dropout")) continue;
    spec.settings.set("dropout", 0.5);
    const auto network = make_network<float>(spec);
    CHECK(network->is_random());
    CHECK(largest_difference(network->forward(x).value(), network->forward(x).value()) > 0.0);
    network->train(false);
    CHECK(largest_difference(network->forward(x).value(), network->forward(x).value()) == 0.0);
  }
}

TEST_CASE("levels: every U-Net that a preset may describe has names of its own for its parts") {
  for (int kind = 0; kind < 72; ++kind) {
    UNetSpec spec;
    spec.norm = kind < 36 ? NormKind::batch : NormKind::group;
    spec.down = kind < 36 ? Down::pool : Down::stride;
    spec.preset = {"any",        "", 1 + kind % 2,       kind / 2 % 3,
                   kind / 6 % 3, 2,  kind / 18 % 2 == 1, Init::he_normal};
    spec.depth = 2;
    spec.base_width = 2;
    CAPTURE(kind);
    const UNet<float> network(spec);
    std::set<std::string> names;
    for (const auto& p : network.named_parameters()) CHECK(names.insert(p.name).second);
    CHECK(network.parameter_count() == parameter_count(spec));
  }
}

}  // namespace dmf
