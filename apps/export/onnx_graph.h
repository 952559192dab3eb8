#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

#include "apps/export/weights.h"
#include "layers/norm_activation.h"

namespace dmf {

/// throws  Error with what ONNX's official checker says of the model; a program that is linked
///         statically holds no checker, and asks nothing
void check_onnx_model(const onnx::ModelProto& model);

/// Builds an ONNX graph node by node from a network's weights; the name of a node's output is also the
/// node's, and a layer's is where its weights are.
class OnnxGraph {
 public:
  OnnxGraph(onnx::GraphProto& graph, const Network<float>& network)
      : graph_(graph), weights_(export_weights(network, WeightsFormat::pytorch)) {}

  bool has(const std::string& tensor) const { return weights_.tensors.contains(tensor); }

  // Each returns the name of its output.

  /// Convolution padded by half its kernel, as layers/conv2d.h has it.
  std::string conv(const std::string& layer, const std::string& x, int stride = 1);
  std::string depthwise(const std::string& layer, const std::string& x);
  /// Stride 2, to twice the size: what a kernel of 3 writes beyond is cut off behind.
  std::string conv_transpose(const std::string& layer, const std::string& x);
  /// With the activation behind it.
  std::string norm(const std::string& layer, const std::string& x, const NormSpec& spec);
  std::string activation(const std::string& name, const std::string& x, Activation activation);
  /// MaxPool or AveragePool of 2 x 2.
  std::string pool(const std::string& op, const std::string& name, const std::string& x);
  /// Bilinear, to twice the size.
  std::string upsample(const std::string& name, const std::string& x);
  /// x times the sigmoid of a, which has one channel.
  std::string gate(const std::string& name, const std::string& x, const std::string& a);
  std::string sum(const std::string& name, const std::string& a, const std::string& b);
  /// Along the channels.
  std::string concat(const std::string& name, const std::string& a, const std::string& b);
  std::string softmax(const std::string& name, const std::string& x);
  std::string identity(const std::string& name, const std::string& x);

 private:
  std::string convolution(const std::string& layer, const std::string& x, int stride, Index groups);
  std::string group_norm(const std::string& layer, const std::string& x, Index groups, double eps);
  std::string instance_norm(const std::string& name, const std::vector<std::string>& inputs,
                            double eps);

  const Shape& shape(const std::string& tensor) { return weights_.tensors.at(tensor).shape; }
  onnx::NodeProto& add(const std::string& op, const std::string& name,
                       const std::vector<std::string>& inputs);
  std::string weight(const std::string& name);
  /// A weight of each channel [C] in a shape that meets [N, C, H, W].
  std::string channel_weight(const std::string& name);
  /// Numbers that nodes share.
  std::string constant(const std::string& name, const std::vector<Index>& values);
  std::string constant(const std::string& name, const std::vector<float>& values);

  onnx::GraphProto& graph_;
  Safetensors weights_;
  std::set<std::string> constants_;  // those that are there
};

}  // namespace dmf
