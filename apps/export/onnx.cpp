#include "apps/export/onnx.h"

#include <onnx/onnx_pb.h>

#include "apps/export/onnx_graph.h"
#include "apps/support/version.h"
#include "engine/core/check.h"
#include "layers/networks/cmunext.h"
#include "layers/networks/networks.h"
#include "layers/networks/residual_unet.h"
#include "layers/networks/unet.h"

namespace dmf {
namespace {

constexpr int kOpset = 17, kIrVersion = 8;

void describe(onnx::ValueInfoProto& info, const std::string& name, Index channels) {
  info.set_name(name);
  auto* type = info.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  auto* shape = type->mutable_shape();
  shape->add_dim()->set_dim_param("N");
  shape->add_dim()->set_dim_value(channels);
  shape->add_dim()->set_dim_param("H");
  shape->add_dim()->set_dim_param("W");
}

/// A skip behind its attention gate.
///
/// name  what the names of its parts begin with
std::string gated(OnnxGraph& graph, const std::string& name, const SkipGate& gate, NormSpec norm,
                  const std::string& skip, const std::string& below) {
  norm.activation = Activation::none;
  const auto normalised = [&](const std::string& part, const std::string& x) {
    return graph.norm(name + part + "_" + gate.norm, graph.conv(name + part, x), norm);
  };
  const std::string both =
      graph.sum(name + "sum", normalised("skip", skip), normalised("below", below));
  const std::string bent = graph.activation(name + "relu", both, Activation::relu);
  return graph.gate(name + "gate", skip, normalised("psi", bent));
}

std::string build_unet(OnnxGraph& graph, const UNetSpec& spec) {
  const NormSpec norm = spec.norm_spec();
  std::vector<std::string> skips;
  std::string x = "image";
  for (const LevelSpec& level : levels(spec)) {
    const auto in_level = [&level](const std::string& layer) { return level.name + "." + layer; };
    if (level.up) {
      x = graph.conv_transpose(in_level("up"), x);
      if (!level.up->norm.empty()) x = graph.norm(in_level(level.up->norm), x, norm);
      if (level.attention) {
        skips.back() =
            gated(graph, level.name + ".attention.", *level.attention, norm, skips.back(), x);
      }
      x = graph.concat(in_level("concat"), x, skips.back());
      skips.pop_back();
    }
    for (const ConvBlock& block : level.blocks) {
      x = graph.conv(in_level(block.conv), x, block.stride);
      x = graph.norm(in_level(block.norm), x, norm);
    }
    if (level.part == LevelSpec::Part::encoder) skips.push_back(x);
    if (level.pooled) x = graph.pool("MaxPool", in_level("pool"), x);
  }
  return x;
}

std::string build_residual(OnnxGraph& graph, const ResidualUNetSpec& spec) {
  NormSpec bent{.kind = NormKind::instance, .activation = Activation::leaky_relu}, plain = bent;
  plain.activation = Activation::none;
  std::vector<std::string> skips;
  std::string x = graph.norm("stem.norm", graph.conv("stem.conv", "image"), bent);
  for (int level = 0; level <= spec.size.depth; ++level) {
    for (Index b = 0; b < spec.blocks_of(level); ++b) {
      const std::string block = fmt::format("enc{}.block{}.", level, b);
      const int stride = level > 0 && b == 0 ? 2 : 1;
      std::string shortcut = stride == 2 ? graph.pool("AveragePool", block + "mean", x) : x;
      if (graph.has(block + "project.weight")) {
        shortcut =
            graph.norm(block + "project_norm", graph.conv(block + "project", shortcut), plain);
      }
      x = graph.norm(block + "norm1", graph.conv(block + "conv1", x, stride), bent);
      x = graph.norm(block + "norm2", graph.conv(block + "conv2", x), plain);
      x = graph.activation(block + "out", graph.sum(block + "sum", x, shortcut), bent.activation);
    }
    skips.push_back(x);
  }
  skips.pop_back();
  for (int level = spec.size.depth - 1; level >= 0; --level) {
    const std::string decoder = fmt::format("dec{}.", level);
    x = graph.concat(decoder + "concat", graph.conv_transpose(decoder + "up", x), skips.back());
    skips.pop_back();
    x = graph.norm(decoder + "norm", graph.conv(decoder + "conv", x), bent);
  }
  return x;
}

std::string build_cmunext(OnnxGraph& graph, const CmunextSpec& spec) {
  const NormSpec plain{.activation = Activation::none, .eps = spec.bn_eps};
  NormSpec bent = plain;
  bent.activation = Activation::relu;
  const auto activated = [&](const std::string& norm, const std::string& x) {
    return graph.norm(norm, graph.activation(x + ".gelu", x, Activation::gelu), plain);
  };
  const auto mixed = [&](const std::string& block, const std::string& x) {
    const std::string wide = activated(block + "bn2", graph.conv(block + "expand", x));
    return activated(block + "bn3", graph.conv(block + "reduce", wide));
  };
  std::vector<std::string> skips;
  std::string x = graph.norm("stem.bn", graph.conv("stem.conv", "image"), bent);
  for (std::size_t level = 0; level < spec.levels(); ++level) {
    const std::string encoder = fmt::format("enc{}.", level);
    if (level > 0) x = graph.pool("MaxPool", encoder + "pool", x);
    for (Index b = 0; b < spec.blocks[level]; ++b) {
      const std::string block = encoder + fmt::format("block{}.", b);
      const std::string spread = activated(block + "bn1", graph.depthwise(block + "depthwise", x));
      x = mixed(block, graph.sum(block + "sum", spread, x));
    }
    x = graph.norm(encoder + "bn", graph.conv(encoder + "conv", x), bent);
    skips.push_back(x);
  }
  skips.pop_back();
  for (std::size_t level = spec.levels() - 1; level-- > 0;) {
    const std::string decoder = fmt::format("dec{}.", level), fusion = decoder + "fusion.";
    x = graph.conv(decoder + "up", graph.upsample(decoder + "resize", x));
    x = graph.norm(decoder + "up_bn", x, bent);
    x = graph.concat(fusion + "concat", graph.conv(fusion + "skip", skips.back()),
                     graph.conv(fusion + "below", x));
    skips.pop_back();
    x = mixed(fusion, activated(fusion + "bn1", x));
  }
  return x;
}

/// What the head is put on.
///
/// throws  Error for a network that nothing here knows
std::string build_body(OnnxGraph& graph, const Network<float>& network) {
  if (const auto* unet = dynamic_cast<const UNet<float>*>(&network)) {
    return build_unet(graph, unet->unet_spec());
  }
  if (const auto* residual = dynamic_cast<const ResidualUNet<float>*>(&network)) {
    return build_residual(graph, residual->residual_spec());
  }
  if (const auto* cmunext = dynamic_cast<const Cmunext<float>*>(&network)) {
    return build_cmunext(graph, cmunext->cmunext_spec());
  }
  throw Error(fmt::format("[onnx] the network: got {}, expected one of this program's: {}.",
                          network.spec().name, any_of_text(names_of(networks()))));
}

void build_graph(onnx::GraphProto& proto, const Network<float>& network) {
  OnnxGraph graph(proto, network);
  graph.identity("logits", graph.conv("head", build_body(graph, network)));
  graph.softmax("probabilities", "logits");
  describe(*proto.add_input(), "image", network.spec().in_channels);
  for (const char* output : {"logits", "probabilities"}) {
    describe(*proto.add_output(), output, network.spec().classes);
  }
}

}  // namespace

void check_onnx_built() {}

std::string to_onnx(const Model& model, const std::string& card) {
  onnx::ModelProto proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("dmf");
  proto.set_producer_version(std::string(kVersion));
  if (!card.empty()) proto.set_doc_string(card);
  onnx::OperatorSetIdProto& opset = *proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  const Network<float>& network = model.network();
  const NetworkSpec& spec = network.spec();
  Metadata metadata = model.preprocess.to_metadata();
  metadata["classes"] = fmt::format("{}", spec.classes);
  metadata["size_multiple"] = fmt::format("{}", network.size_multiple());
  for (const auto& [key, value] : metadata) {
    onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  proto.mutable_graph()->set_name("dmf-unet-" + spec.name);
  build_graph(*proto.mutable_graph(), network);
  check_onnx_model(proto);
  return proto.SerializeAsString();
}

}  // namespace dmf
