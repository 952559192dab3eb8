#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <optional>

#include "apps/export/onnx.h"
#include "apps/export/weights.h"
#include "apps/run/model_file.h"
#include "apps/support/option_values.h"
#include "apps/training/event_log.h"
#include "engine/core/check.h"
#include "tests/support/crc.h"
#include "tests/support/needs.h"
#include "tests/support/small_networks.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

/// CRC-32C, masked as TensorFlow masks it.
std::uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc_of(bytes, 0x82f63b78u), 15) + 0xa282ead8u;
}

/// The messages of a record file, their checksums being right.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at < file.size();) {
    std::uint64_t length = 0;
    std::uint32_t crc = 0;
    REQUIRE(at + 12 <= file.size());
    std::memcpy(&length, file.data() + at, 8);
    std::memcpy(&crc, file.data() + at + 8, 4);
    CHECK(crc == masked_crc(file.substr(at, 8)));
    REQUIRE(at + 16 + length <= file.size());
    records.push_back(file.substr(at + 12, length));
    std::memcpy(&crc, file.data() + at + 12 + length, 4);
    CHECK(crc == masked_crc(records.back()));
    at += 16 + length;
  }
  return records;
}

/// A small U-Net whose every number is different.
std::unique_ptr<Network<float>> small_network(const UNetPreset& preset) {
  UNetSpec spec;
  spec.preset = preset;
  spec.in_channels = 3;
  spec.classes = 4;
  spec.depth = 2;
  spec.base_width = 3;
  return with_random_weights(make_network<float>(spec.network_spec()));
}

}  // namespace

TEST_CASE("weights: to PyTorch's and Keras's names and layouts and back, every bit the same") {
  for (const UNetPreset& preset : kUNetPresets) {
    const auto network = small_network(preset);
    const auto own = network->named_tensors();
    for (const auto format : {WeightsFormat::ours, WeightsFormat::pytorch, WeightsFormat::keras}) {
      Safetensors file = export_weights(*network, format);
      CHECK(file.tensors.size() == own.size());
      const auto again = import_weights(file, format, {});
      CHECK(again->spec().name == preset.name);
      CHECK(again->spec().classes == 4);
      for (const auto& entry : again->named_tensors()) {
        const Tensor<float>& tensor = entry.second;
        CHECK_MESSAGE(std::memcmp(tensor.data(), own.at(entry.first).data(),
                                  static_cast<std::size_t>(tensor.numel()) * sizeof(float)) == 0,
                      entry.first);
      }
    }
  }
  for (const NetworkSpec& spec : small_network_specs()) {
    CAPTURE(settings_text(spec.settings));
    const auto network = with_random_weights(make_network<float>(spec));
    const auto own = network->named_tensors();
    UNetSpec rest;  // what no tensor tells
    if (spec.settings.knows("norm")) {
      rest = UNetSpec::of(kPaperUNet, spec);
      rest.max_width = 0;
    }
    for (const auto format : {WeightsFormat::pytorch, WeightsFormat::keras}) {
      const auto again = import_weights(export_weights(*network, format), format, rest);
      CHECK(settings_text(again->spec().settings) == settings_text(spec.settings));
      for (const auto& entry : again->named_tensors()) {
        CHECK_MESSAGE(largest_difference(entry.second, own.at(entry.first)) == 0.0, entry.first);
      }
    }
  }
  const auto network = small_network(kPaperUNet);
  const Safetensors torch = export_weights(*network, WeightsFormat::pytorch);
  CHECK(torch.tensors.at("enc1.conv.weight").shape == Shape{6, 3, 3, 3});  // out, in, height, width
  CHECK(torch.tensors.at("dec1.up.weight").shape == Shape{6, 6, 3, 3});    // in, out
  CHECK(torch.tensors.contains("enc0.bn.weight"));
  const auto own = network->named_tensors();
  const Tensor<float> conv = torch.get<float>("enc1.conv.weight");
  // [o, i, h, w] = ours [h, w, i, o] at (4, 1, 2, 0).
  CHECK(conv.data()[((4 * 3 + 1) * 3 + 2) * 3 + 0] ==
        own.at("enc1.conv.weight").data()[((2 * 3 + 0) * 3 + 1) * 6 + 4]);
  // Keras's slashes, and PyTorch's counters.
  Safetensors slashes;
  for (const auto& [name, tensor] : export_weights(*network, WeightsFormat::keras).tensors) {
    std::string other = name;
    other[other.rfind('.')] = '/';
    slashes.tensors[other + ":0"] = tensor;
  }
  CHECK(import_weights(slashes, WeightsFormat::keras, {})->parameter_count() ==
        network->parameter_count());
  Safetensors counted = torch;
  counted.set("enc0.bn.num_batches_tracked", Tensor<std::int32_t>::zeros(Shape{1}));
  CHECK(import_weights(counted, WeightsFormat::pytorch, {})->spec().settings.whole("depth") == 2);
}

TEST_CASE("model files: every network comes back; those with defaults say no more than they did") {
  const TemporaryFolder folder;
  PreprocessSpec preprocess;
  preprocess.channels = 3;
  for (const NetworkSpec& spec : small_network_specs()) {
    CAPTURE(spec.name);
    CAPTURE(settings_text(spec.settings));
    const auto network = with_random_weights(make_network<float>(spec));
    save_model(folder / "m.safetensors", *network, {preprocess});
    const Model again = load_model(folder / "m.safetensors");
    CHECK(again.network().spec().name == spec.name);
    CHECK(settings_text(again.network().spec().settings) == settings_text(spec.settings));
    const auto own = network->named_tensors();
    for (const auto& [name, tensor] : again.network().named_tensors()) {
      const std::string own_name = name;
      CHECK_MESSAGE(largest_difference(tensor, own.at(own_name)) == 0.0, own_name);
    }
  }
  std::string keys;
  for (const auto& entry : model_content(*small_network(kClassicUNet), {preprocess}).metadata) {
    if (entry.first.starts_with("network.")) keys += entry.first + " ";
  }
  CHECK(keys ==
        "network.base_width network.bn_eps network.bn_momentum network.classes network.depth "
        "network.dropout network.in_channels network.variant ");
}

TEST_CASE("weights: a file that does not fit is refused by the tensor's name") {
  const Safetensors good = export_weights(*small_network(kClassicUNet), WeightsFormat::pytorch);
  const auto refused = [&](auto change, const char* reason) {
    Safetensors bad = good;
    change(bad);
    CHECK_THROWS_WITH_AS(import_weights(bad, WeightsFormat::pytorch, {}), Contains(reason),
                         IoError);
  };
  refused([](Safetensors& f) { f.tensors.erase("head.bias"); }, "no tensor 'head.bias'");
  refused([](Safetensors& f) { f.tensors.erase("head.weight"); }, "no tensor 'head.weight'");
  refused([](Safetensors& f) { f.set("extra", Tensor<float>::zeros(Shape{1})); },
          "the network has no 'extra'");
  refused([](Safetensors& f) { f.set("mid.bn1.bias", Tensor<float>::zeros(Shape{5})); },
          "'mid.bn1.bias' is [5] in our layout: the network's is [12]");
  refused([](Safetensors& f) { f.set("enc0.conv1.weight", Tensor<float>::zeros(Shape{5})); },
          "expected the four axes of a convolution");
  refused([](Safetensors& f) { f.tensors.clear(); }, "no tensor 'enc0.conv.weight'");
  refused(
      [](Safetensors& f) {
        f.set("enc0.conv1.weight", Tensor<float>::zeros(Shape{900, 3, 3, 3}));
      },
      "are too few for the network");
  CHECK_THROWS_WITH_AS(entry_named(kWeightsFormats, "mxnet", "from"),
                       Contains("[from] got 'mxnet', expected dmf, pytorch or keras."), ValueError);
}

TEST_CASE("ONNX: the checker accepts every option" *
          needs(DMF_WITH_ONNX, "built without libonnx-dev")) {
  for (const UNetPreset& preset : kUNetPresets) {
    Model model = model_of(small_network(preset));
    model.preprocess.channels = 3;
    const std::string bytes = to_onnx(model);
    CHECK(bytes.find("preprocess.size") != std::string::npos);
    CHECK(bytes == to_onnx(model));
    CHECK(to_onnx(model, "# the card").find("# the card") != std::string::npos);
  }
}

#if !DMF_WITH_ONNX
TEST_CASE("ONNX: a program that was built without it says what to install") {
  const Model model = model_of(small_network(kPaperUNet));
  CHECK_THROWS_WITH_AS(to_onnx(model), Contains("install libonnx-dev"), Error);
}
#endif

#if !DMF_WITH_EVENTS
TEST_CASE("events: a program that was built without protobuf says what to install") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(EventLog(folder / "events", 0), Contains("install libprotobuf-dev"), Error);
}
#endif

TEST_CASE("events: records with sound checksums, the same bytes when gone on with" *
          needs(DMF_WITH_EVENTS, "built without libprotobuf-dev")) {
  CHECK(masked_crc("123456789") == std::rotr(0xe3069283u, 15) + 0xa282ead8u);  // RFC 3720
  const TemporaryFolder folder;
  const auto write = [](EventLog& log, std::int64_t step) {
    log.scalars(step, {{"losses/cce", 0.5}, {"losses/none", std::nan("")}});
    log.image(step, "validation/a", {1, 2, {255, 0, 0, 0, 255, 0}});
  };
  std::uintmax_t bytes = 0;
  {
    EventLog log(folder / "whole", 0);
    write(log, 3);
    bytes = log.flush();
    write(log, 4);
    log.flush();
  }
  const std::string whole = read_text(folder / "whole");
  const std::vector<std::string> records = records_of(whole);
  REQUIRE(records.size() == 5);
  CHECK(records[0].find("brain.Event:2") != std::string::npos);
  CHECK(records[1].find("losses/cce") != std::string::npos);
  CHECK(records[1].find("losses/none") == std::string::npos);
  const float half = 0.5f;
  const std::string number(reinterpret_cast<const char*>(&half), sizeof half);
  CHECK(records[1].find("\x15" + number) != std::string::npos);  // field 2, 32 bits
  CHECK(records[2].find("\x89PNG") != std::string::npos);

  write_text(folder / "cut", whole.substr(0, bytes) + "half a record");
  {
    EventLog log(folder / "cut", bytes);
    write(log, 4);
    log.flush();
  }
  CHECK(read_text(folder / "cut") == whole);
}

}  // namespace dmf
