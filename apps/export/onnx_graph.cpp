#include "apps/export/onnx_graph.h"

namespace dmf {
namespace {

onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name,
                                onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(type);
  return a;
}

void ints(onnx::NodeProto& node, const std::string& name, const std::vector<Index>& values) {
  onnx::AttributeProto& a = attribute(node, name, onnx::AttributeProto::INTS);
  for (const Index value : values) a.add_ints(value);
}

void whole(onnx::NodeProto& node, const std::string& name, Index value) {
  attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void number(onnx::NodeProto& node, const std::string& name, double value) {
  attribute(node, name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
}

void text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

}  // namespace

std::string OnnxGraph::conv(const std::string& layer, const std::string& x, int stride) {
  return convolution(layer, x, stride, 1);
}

std::string OnnxGraph::depthwise(const std::string& layer, const std::string& x) {
  return convolution(layer, x, 1, shape(layer + ".weight")[0]);
}

std::string OnnxGraph::convolution(const std::string& layer, const std::string& x, int stride,
                                   Index groups) {
  const Index kernel = shape(layer + ".weight")[2], pad = (kernel - 1) / 2;
  std::vector<std::string> inputs = {x, weight(layer + ".weight")};
  if (has(layer + ".bias")) inputs.push_back(weight(layer + ".bias"));
  onnx::NodeProto& node = add("Conv", layer, inputs);
  ints(node, "kernel_shape", {kernel, kernel});
  ints(node, "pads", {pad, pad, pad, pad});
  if (stride != 1) ints(node, "strides", {stride, stride});
  if (groups != 1) whole(node, "group", groups);
  return layer;
}

std::string OnnxGraph::conv_transpose(const std::string& layer, const std::string& x) {
  const Index kernel = shape(layer + ".weight")[2];
  onnx::NodeProto& node =
      add("ConvTranspose", layer, {x, weight(layer + ".weight"), weight(layer + ".bias")});
  ints(node, "kernel_shape", {kernel, kernel});
  ints(node, "strides", {2, 2});
  if (kernel == 2) return layer;
  using Whole = std::vector<Index>;
  add("Slice", layer + ".cut",
      {layer, constant("cut.starts", Whole{0, 0}),
       constant("cut.ends", Whole{2 - kernel, 2 - kernel}), constant("cut.axes", Whole{2, 3})});
  return layer + ".cut";
}

std::string OnnxGraph::norm(const std::string& layer, const std::string& x, const NormSpec& spec) {
  std::string y = layer;
  if (spec.kind == NormKind::batch) {
    onnx::NodeProto& node = add("BatchNormalization", layer,
                                {x, weight(layer + ".weight"), weight(layer + ".bias"),
                                 weight(layer + ".running_mean"), weight(layer + ".running_var")});
    number(node, "epsilon", spec.eps);
  } else if (spec.kind == NormKind::instance) {
    y = instance_norm(layer, {x, weight(layer + ".weight"), weight(layer + ".bias")}, spec.eps);
  } else {
    y = group_norm(layer, x, spec.groups_of(shape(layer + ".weight")[0]), spec.eps);
  }
  return activation(layer + "." + (spec.activation == Activation::relu ? "relu" : "activation"), y,
                    spec.activation);
}

std::string OnnxGraph::instance_norm(const std::string& name,
                                     const std::vector<std::string>& inputs, double eps) {
  number(add("InstanceNormalization", name, inputs), "epsilon", eps);
  return name;
}

/// Opset 17 has no group norm: a group's channels are laid out as the pixels of one channel, which is
/// an instance norm, and the channels' factors come behind.
std::string OnnxGraph::group_norm(const std::string& layer, const std::string& x, Index groups,
                                  double eps) {
  using Whole = std::vector<Index>;
  const std::string of_groups = fmt::format("groups{}", groups);
  const auto count = static_cast<std::size_t>(groups);
  add("Reshape", layer + ".grouped", {x, constant(of_groups + ".shape", Whole{0, groups, -1, 1})});
  instance_norm(layer + ".normalised",
                {layer + ".grouped", constant(of_groups + ".ones", std::vector<float>(count, 1.0f)),
                 constant(of_groups + ".zeros", std::vector<float>(count, 0.0f))},
                eps);
  add("Shape", layer + ".shape", {x});
  add("Reshape", layer + ".spread", {layer + ".normalised", layer + ".shape"});
  add("Mul", layer + ".scaled", {layer + ".spread", channel_weight(layer + ".weight")});
  add("Add", layer, {layer + ".scaled", channel_weight(layer + ".bias")});
  return layer;
}

std::string OnnxGraph::activation(const std::string& name, const std::string& x,
                                  Activation activation) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      add("Relu", name, {x});
      break;
    case Activation::leaky_relu:
      number(add("LeakyRelu", name, {x}), "alpha", kLeakySlope);
      break;
    case Activation::gelu: {  // x * (1 + erf(x / sqrt 2)) / 2; opset 17 has no op of it
      using Numbers = std::vector<float>;
      add("Mul", name + ".scaled", {x, constant("sqrt_half", Numbers{0.70710678f})});
      add("Erf", name + ".erf", {name + ".scaled"});
      add("Add", name + ".above", {name + ".erf", constant("one", Numbers{1.0f})});
      add("Mul", name + ".share", {name + ".above", constant("half", Numbers{0.5f})});
      add("Mul", name, {x, name + ".share"});
      break;
    }
  }
  return name;
}

std::string OnnxGraph::pool(const std::string& op, const std::string& name, const std::string& x) {
  onnx::NodeProto& node = add(op, name, {x});
  ints(node, "kernel_shape", {2, 2});
  ints(node, "strides", {2, 2});
  return name;
}

std::string OnnxGraph::upsample(const std::string& name, const std::string& x) {
  const std::string twice = constant("twice", std::vector<float>{1.0f, 1.0f, 2.0f, 2.0f});
  onnx::NodeProto& node = add("Resize", name, {x, "", twice});
  text(node, "mode", "linear");
  text(node, "coordinate_transformation_mode", "half_pixel");
  return name;
}

std::string OnnxGraph::gate(const std::string& name, const std::string& x, const std::string& a) {
  add("Sigmoid", name + ".share", {a});
  add("Mul", name, {x, name + ".share"});
  return name;
}

std::string OnnxGraph::sum(const std::string& name, const std::string& a, const std::string& b) {
  add("Add", name, {a, b});
  return name;
}

std::string OnnxGraph::concat(const std::string& name, const std::string& a, const std::string& b) {
  whole(add("Concat", name, {a, b}), "axis", 1);
  return name;
}

std::string OnnxGraph::softmax(const std::string& name, const std::string& x) {
  whole(add("Softmax", name, {x}), "axis", 1);
  return name;
}

std::string OnnxGraph::identity(const std::string& name, const std::string& x) {
  add("Identity", name, {x});
  return name;
}

onnx::NodeProto& OnnxGraph::add(const std::string& op, const std::string& name,
                                const std::vector<std::string>& inputs) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(name);
  node.add_output(name);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

std::string OnnxGraph::weight(const std::string& name) {
  const StoredTensor& stored = weights_.tensors.at(name);
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const Index size : stored.shape.dims()) tensor.add_dims(size);
  tensor.set_raw_data(stored.bytes.data(), stored.bytes.size());
  return name;
}

std::string OnnxGraph::channel_weight(const std::string& name) {
  weight(name);
  onnx::TensorProto& tensor = *graph_.mutable_initializer(graph_.initializer_size() - 1);
  for (int axis = 0; axis < 2; ++axis) tensor.add_dims(1);
  return name;
}

std::string OnnxGraph::constant(const std::string& name, const std::vector<Index>& values) {
  if (!constants_.insert(name).second) return name;
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<Index>(values.size()));
  for (const Index value : values) tensor.add_int64_data(value);
  return name;
}

std::string OnnxGraph::constant(const std::string& name, const std::vector<float>& values) {
  if (!constants_.insert(name).second) return name;
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(static_cast<Index>(values.size()));
  for (const float value : values) tensor.add_float_data(value);
  return name;
}

}  // namespace dmf
