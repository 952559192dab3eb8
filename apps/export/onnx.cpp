#include "apps/export/onnx.h"

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <map>

#include "apps/export/weights.h"
#include "apps/support/version.h"
#include "engine/core/check.h"
#include "layers/unet.h"

namespace dmf {
namespace {

constexpr int kOpset = 17, kIrVersion = 8;

/// Builds the graph node by node; the name of a node's output is also the node's.
class GraphBuilder {
 public:
  GraphBuilder(onnx::GraphProto& graph, const UNet<float>& network)
      : graph_(graph), weights_(export_weights(network, WeightsFormat::pytorch)) {}

  /// A free or fixed size: a name or a number.
  using Size = std::pair<std::string, Index>;
  static void describe(onnx::ValueInfoProto& info, const std::string& name,
                       const std::vector<Size>& sizes) {
    info.set_name(name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto& [symbol, number] : sizes) {
      auto* dim = type->mutable_shape()->add_dim();
      symbol.empty() ? dim->set_dim_value(number) : dim->set_dim_param(symbol);
    }
  }

  /// Convolution of odd kernel, padded to keep the size.
  std::string conv(const std::string& layer, const std::string& x) {
    const Index kernel = shape(layer + ".weight")[2];
    onnx::NodeProto& node =
        add("Conv", layer, {x, weight(layer + ".weight"), weight(layer + ".bias")});
    const Index pad = (kernel - 1) / 2;
    ints(node, "kernel_shape", {kernel, kernel});
    ints(node, "pads", {pad, pad, pad, pad});
    return layer;
  }

  /// Stride 2, to twice the size: what a kernel of 3 writes beyond is cut off behind.
  std::string conv_transpose(const std::string& layer, const std::string& x) {
    const Index kernel = shape(layer + ".weight")[2];
    onnx::NodeProto& node =
        add("ConvTranspose", layer, {x, weight(layer + ".weight"), weight(layer + ".bias")});
    ints(node, "kernel_shape", {kernel, kernel});
    ints(node, "strides", {2, 2});
    if (kernel == 2) return layer;
    add("Slice", layer + ".cut",
        {layer, constant("cut.starts", {0, 0}), constant("cut.ends", {2 - kernel, 2 - kernel}),
         constant("cut.axes", {2, 3})});
    return layer + ".cut";
  }

  std::string batch_norm_relu(const std::string& layer, const std::string& x, double eps) {
    onnx::NodeProto& node = add("BatchNormalization", layer,
                                {x, weight(layer + ".weight"), weight(layer + ".bias"),
                                 weight(layer + ".running_mean"), weight(layer + ".running_var")});
    onnx::AttributeProto& epsilon = attribute(node, "epsilon", onnx::AttributeProto::FLOAT);
    epsilon.set_f(static_cast<float>(eps));
    add("Relu", layer + ".relu", {layer});
    return layer + ".relu";
  }

  std::string max_pool(const std::string& name, const std::string& x) {
    onnx::NodeProto& node = add("MaxPool", name, {x});
    ints(node, "kernel_shape", {2, 2});
    ints(node, "strides", {2, 2});
    return name;
  }

  /// Along the channels.
  std::string concat(const std::string& name, const std::string& a, const std::string& b) {
    attribute(add("Concat", name, {a, b}), "axis", onnx::AttributeProto::INT).set_i(1);
    return name;
  }

  std::string softmax(const std::string& name, const std::string& x) {
    attribute(add("Softmax", name, {x}), "axis", onnx::AttributeProto::INT).set_i(1);
    return name;
  }

  std::string identity(const std::string& name, const std::string& x) {
    add("Identity", name, {x});
    return name;
  }

 private:
  const Shape& shape(const std::string& tensor) { return weights_.tensors.at(tensor).shape; }

  onnx::NodeProto& add(const std::string& op, const std::string& name,
                       const std::vector<std::string>& inputs) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    node.set_name(name);
    node.add_output(name);
    for (const std::string& input : inputs) node.add_input(input);
    return node;
  }

  static onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name,
                                         onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(type);
    return a;
  }

  static void ints(onnx::NodeProto& node, const std::string& name,
                   const std::vector<Index>& values) {
    onnx::AttributeProto& a = attribute(node, name, onnx::AttributeProto::INTS);
    for (const Index value : values) a.add_ints(value);
  }

  std::string weight(const std::string& name) {
    const StoredTensor& stored = weights_.tensors.at(name);
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const Index size : stored.shape.dims()) tensor.add_dims(size);
    tensor.set_raw_data(stored.bytes.data(), stored.bytes.size());
    return name;
  }

  /// Whole numbers that nodes share.
  std::string constant(const std::string& name, const std::vector<Index>& values) {
    if (!constants_.emplace(name, values).second) return name;
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<Index>(values.size()));
    for (const Index value : values) tensor.add_int64_data(value);
    return name;
  }

  onnx::GraphProto& graph_;
  Safetensors weights_;
  std::map<std::string, std::vector<Index>> constants_;
};

void build_graph(onnx::GraphProto& graph, const UNet<float>& network) {
  const UNetSpec& spec = network.unet_spec();
  GraphBuilder build(graph, network);
  std::vector<std::string> skips;
  std::string x = "image";
  for (const LevelSpec& level : levels(spec)) {
    const auto in_level = [&level](const std::string& layer) { return level.name + "." + layer; };
    if (level.up) {
      x = build.conv_transpose(in_level("up"), x);
      if (!level.up->norm.empty()) {
        x = build.batch_norm_relu(in_level(level.up->norm), x, spec.bn_eps);
      }
      x = build.concat(in_level("concat"), x, skips.back());
      skips.pop_back();
    }
    for (const ConvBlock& block : level.blocks) {
      x = build.conv(in_level(block.conv), x);
      x = build.batch_norm_relu(in_level(block.norm), x, spec.bn_eps);
    }
    if (level.part == LevelSpec::Part::encoder) {
      skips.push_back(x);
      x = build.max_pool(in_level("pool"), x);
    }
  }
  build.identity("logits", build.conv("head", x));
  build.softmax("probabilities", "logits");
  GraphBuilder::describe(*graph.add_input(), "image",
                         {{"N", 0}, {"", spec.in_channels}, {"H", 0}, {"W", 0}});
  for (const char* output : {"logits", "probabilities"}) {
    GraphBuilder::describe(*graph.add_output(), output,
                           {{"N", 0}, {"", spec.classes}, {"H", 0}, {"W", 0}});
  }
}

}  // namespace

void check_onnx_built() {}

std::string to_onnx(const Model& model) {
  onnx::ModelProto proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("dmf");
  proto.set_producer_version(std::string(kVersion));
  onnx::OperatorSetIdProto& opset = *proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  const auto* network = dynamic_cast<const UNet<float>*>(&model.network());
  const NetworkSpec& spec = model.network().spec();
  DMF_CHECK(network != nullptr, Error, "[onnx] the network: got {}, expected a U-Net.", spec.name);
  Metadata metadata = model.preprocess.to_metadata();
  metadata["classes"] = fmt::format("{}", spec.classes);
  metadata["size_multiple"] = fmt::format("{}", network->size_multiple());
  for (const auto& [key, value] : metadata) {
    onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  proto.mutable_graph()->set_name("dmf-unet-" + spec.name);
  build_graph(*proto.mutable_graph(), *network);
  try {
    onnx::checker::check_model(proto);
  } catch (const std::exception& problem) {
    throw Error(fmt::format("[onnx] the official checker refuses the model: {}", problem.what()));
  }
  return proto.SerializeAsString();
}

}  // namespace dmf
