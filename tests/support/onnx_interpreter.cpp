#include "tests/support/onnx_interpreter.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "engine/core/check.h"

namespace dmf {
namespace {

using Value = Tensor<double>;

Value filled(const Shape& shape, const std::function<double(Index)>& at) {
  const Value value(shape);
  for (Index i = 0; i < shape.numel(); ++i) value.data()[i] = at(i);
  return value;
}

/// Calls at(n, c, h, w) for every place of a shape [N, C, H, W], in order.
Value filled4(const Shape& s, const std::function<double(Index, Index, Index, Index)>& at) {
  return filled(s, [&](Index i) {
    return at(i / (s[1] * s[2] * s[3]), i / (s[2] * s[3]) % s[1], i / s[3] % s[2], i % s[3]);
  });
}

/// 0 outside.
double pixel(const Value& x, Index n, Index c, Index h, Index w) {
  if (h < 0 || w < 0 || h >= x.size(2) || w >= x.size(3)) return 0.0;
  return x.data()[((n * x.size(1) + c) * x.size(2) + h) * x.size(3) + w];
}

Value value_of(const onnx::TensorProto& tensor) {
  std::vector<double> values;
  if (!tensor.raw_data().empty()) {
    for (std::size_t at = 0; at < tensor.raw_data().size(); at += sizeof(float)) {
      float number = 0.0f;
      std::memcpy(&number, tensor.raw_data().data() + at, sizeof number);
      values.push_back(static_cast<double>(number));
    }
  }
  for (const float v : tensor.float_data()) values.push_back(static_cast<double>(v));
  for (const auto v : tensor.int64_data()) values.push_back(static_cast<double>(v));
  Shape shape;
  switch (tensor.dims_size()) {
    case 1:
      shape = Shape{tensor.dims(0)};
      break;
    case 3:
      shape = Shape{tensor.dims(0), tensor.dims(1), tensor.dims(2)};
      break;
    default:
      shape = Shape{tensor.dims(0), tensor.dims(1), tensor.dims(2), tensor.dims(3)};
  }
  return Value::from(values, shape);
}

/// One node: its attributes and the values of its inputs.
class Evaluation {
 public:
  Evaluation(const onnx::NodeProto& node, std::vector<Value> inputs)
      : node_(node), in_(std::move(inputs)) {}

  Value result() const {
    const std::string& op = node_.op_type();
    if (op == "Conv") return conv();
    if (op == "ConvTranspose") return conv_transpose();
    if (op == "Slice") return slice();
    if (op == "BatchNormalization") return batch_norm();
    if (op == "InstanceNormalization") return instance_norm();
    if (op == "MaxPool" || op == "AveragePool") return pool(op == "MaxPool");
    if (op == "Resize") return resize();
    if (op == "Concat") return concat();
    if (op == "Softmax") return softmax();
    if (op == "Reshape") return reshape();
    if (op == "Shape") {
      std::vector<double> sizes(in_[0].shape().dims().begin(), in_[0].shape().dims().end());
      return Value::from(sizes, Shape{4});
    }
    if (op == "Add") return paired([](double a, double b) { return a + b; });
    if (op == "Mul") return paired([](double a, double b) { return a * b; });
    if (op == "Identity") return in_[0];
    if (op == "Relu") return each([](double v) { return std::max(v, 0.0); });
    if (op == "Sigmoid") return each([](double v) { return 1.0 / (1.0 + std::exp(-v)); });
    if (op == "Erf") return each([](double v) { return std::erf(v); });
    if (op == "LeakyRelu") {
      return each([alpha = number("alpha", 0.01)](double v) { return v < 0.0 ? alpha * v : v; });
    }
    throw Error("[onnx interpreter] no op " + op);
  }

 private:
  const onnx::AttributeProto* attribute(const std::string& name) const {
    for (const auto& a : node_.attribute()) {
      if (a.name() == name) return &a;
    }
    return nullptr;
  }
  double number(const std::string& name, double otherwise) const {
    const auto* a = attribute(name);
    return a == nullptr ? otherwise : static_cast<double>(a->f());
  }
  Index whole(const std::string& name, Index otherwise) const {
    const auto* a = attribute(name);
    return a == nullptr ? otherwise : a->i();
  }
  Index first(const std::string& name, Index otherwise) const {
    const auto* a = attribute(name);
    return a == nullptr ? otherwise : a->ints(0);
  }

  Value each(const std::function<double(double)>& f) const {
    return filled(in_[0].shape(), [&](Index i) { return f(in_[0].data()[i]); });
  }
  /// The second of one value, of [C, 1, 1], or of the first's shape.
  Value paired(const std::function<double(double, double)>& f) const {
    const Value &a = in_[0], &b = in_[1];
    const Index pixels = a.shape().rank() == 4 ? a.size(2) * a.size(3) : 1;
    const bool one_channel = b.shape().rank() == 4 && b.size(1) == 1;
    return filled(a.shape(), [&](Index i) {
      const Index channel = i / pixels % a.size(1);
      const Index place = b.numel() == 1          ? 0
                          : b.shape().rank() == 3 ? channel
                          : one_channel           ? i / pixels / a.size(1) * pixels + i % pixels
                                                  : i;
      return f(a.data()[i], b.data()[place]);
    });
  }

  Value conv() const {
    const Value &x = in_[0], &w = in_[1];
    const Index stride = first("strides", 1), pad = first("pads", 0), group = whole("group", 1);
    const Index per_group = w.size(1), outs = w.size(0) / group, K = w.size(2);
    expect(x.size(1) == per_group * group);
    const Shape shape{x.size(0), w.size(0), (x.size(2) + 2 * pad - K) / stride + 1,
                      (x.size(3) + 2 * pad - K) / stride + 1};
    return filled4(shape, [&](Index n, Index o, Index i, Index j) {
      double sum = in_.size() > 2 ? in_[2].data()[o] : 0.0;
      for (Index c = 0; c < per_group; ++c)
        for (Index a = 0; a < K; ++a)
          for (Index b = 0; b < K; ++b)
            sum +=
                pixel(x, n, o / outs * per_group + c, i * stride - pad + a, j * stride - pad + b) *
                pixel(w, o, c, a, b);
      return sum;
    });
  }

  Value conv_transpose() const {
    const Value &x = in_[0], &w = in_[1];  // [C_in, C_out, K, K]
    const Index K = w.size(2), stride = first("strides", 1);
    const Shape shape{x.size(0), w.size(1), (x.size(2) - 1) * stride + K,
                      (x.size(3) - 1) * stride + K};
    return filled4(shape, [&](Index n, Index o, Index i, Index j) {
      double sum = in_[2].data()[o];
      for (Index c = 0; c < x.size(1); ++c)
        for (Index a = 0; a < K; ++a)
          for (Index b = 0; b < K; ++b) {
            if ((i - a) % stride != 0 || (j - b) % stride != 0 || i < a || j < b) continue;
            sum += pixel(x, n, c, (i - a) / stride, (j - b) / stride) * pixel(w, c, o, a, b);
          }
      return sum;
    });
  }

  Value slice() const {  // from 0 to a negative end, of height and width
    const Value& x = in_[0];
    const Shape shape{x.size(0), x.size(1), x.size(2) + static_cast<Index>(in_[2].data()[0]),
                      x.size(3) + static_cast<Index>(in_[2].data()[1])};
    return filled4(shape, [&](Index n, Index c, Index h, Index w) { return pixel(x, n, c, h, w); });
  }

  Value batch_norm() const {
    const double eps = number("epsilon", 1e-5);
    return filled4(in_[0].shape(), [&](Index n, Index c, Index h, Index w) {
      return (pixel(in_[0], n, c, h, w) - in_[3].data()[c]) / std::sqrt(in_[4].data()[c] + eps) *
                 in_[1].data()[c] +
             in_[2].data()[c];
    });
  }

  Value instance_norm() const {
    const Value& x = in_[0];
    const double eps = number("epsilon", 1e-5);
    const Index area = x.size(2) * x.size(3);
    const Value y(x.shape());
    for (Index plane = 0; plane < x.size(0) * x.size(1); ++plane) {
      const double* from = x.data() + plane * area;
      double mean = 0.0, var = 0.0;
      for (Index i = 0; i < area; ++i) mean += from[i] / static_cast<double>(area);
      for (Index i = 0; i < area; ++i)
        var += (from[i] - mean) * (from[i] - mean) / static_cast<double>(area);
      const Index c = plane % x.size(1);
      for (Index i = 0; i < area; ++i) {
        y.data()[plane * area + i] =
            (from[i] - mean) / std::sqrt(var + eps) * in_[1].data()[c] + in_[2].data()[c];
      }
    }
    return y;
  }

  Value pool(bool largest) const {
    const Value& x = in_[0];
    return filled4({x.size(0), x.size(1), x.size(2) / 2, x.size(3) / 2},
                   [&](Index n, Index c, Index i, Index j) {
                     double best = pixel(x, n, c, 2 * i, 2 * j), sum = 0.0;
                     for (Index k = 0; k < 4; ++k) {
                       const double v = pixel(x, n, c, 2 * i + k / 2, 2 * j + k % 2);
                       best = std::max(best, v);
                       sum += v / 4.0;
                     }
                     return largest ? best : sum;
                   });
  }

  Value resize() const {
    const Value& x = in_[0];
    expect(attribute("mode")->s() == "linear" &&
           attribute("coordinate_transformation_mode")->s() == "half_pixel" &&
           in_.back().data()[2] == 2.0 && in_.back().data()[3] == 2.0);
    const auto along = [](Index i, Index size) {  // the place in x, within its centres
      return std::clamp((static_cast<double>(i) + 0.5) / 2.0 - 0.5, 0.0,
                        static_cast<double>(size - 1));
    };
    return filled4({x.size(0), x.size(1), 2 * x.size(2), 2 * x.size(3)}, [&](Index n, Index c,
                                                                             Index i, Index j) {
      double sum = 0.0;
      for (Index h = 0; h < x.size(2); ++h) {
        for (Index w = 0; w < x.size(3); ++w) {
          const double near =
              std::max(0.0, 1.0 - std::abs(along(i, x.size(2)) - static_cast<double>(h))) *
              std::max(0.0, 1.0 - std::abs(along(j, x.size(3)) - static_cast<double>(w)));
          sum += near * pixel(x, n, c, h, w);
        }
      }
      return sum;
    });
  }

  Value concat() const {
    const Value &a = in_[0], &b = in_[1];
    expect(whole("axis", 0) == 1);
    return filled4({a.size(0), a.size(1) + b.size(1), a.size(2), a.size(3)},
                   [&](Index n, Index c, Index h, Index w) {
                     return c < a.size(1) ? pixel(a, n, c, h, w) : pixel(b, n, c - a.size(1), h, w);
                   });
  }

  Value softmax() const {
    const Value& x = in_[0];
    return filled4(x.shape(), [&](Index n, Index c, Index h, Index w) {
      double sum = 0.0;
      for (Index k = 0; k < x.size(1); ++k) {
        sum += std::exp(pixel(x, n, k, h, w) - pixel(x, n, c, h, w));
      }
      return 1.0 / sum;
    });
  }

  Value reshape() const {
    std::vector<Index> sizes;
    Index known = 1;
    for (Index i = 0; i < 4; ++i) {
      const auto asked = static_cast<Index>(in_[1].data()[i]);
      sizes.push_back(asked == 0 ? in_[0].size(static_cast<int>(i)) : asked);
      if (asked != -1) known *= sizes.back();
    }
    for (Index& size : sizes) {
      if (size == -1) size = in_[0].numel() / known;
    }
    return in_[0].reshape(Shape{sizes[0], sizes[1], sizes[2], sizes[3]});
  }

  void expect(bool holds) const {
    DMF_CHECK(holds, Error, "[onnx interpreter] {} is not as expected", node_.name());
  }

  const onnx::NodeProto& node_;
  std::vector<Value> in_;
};

}  // namespace

std::map<std::string, Tensor<double>> run_onnx(const std::string& bytes,
                                               const Tensor<double>& image) {
  onnx::ModelProto model;
  DMF_CHECK(model.ParseFromString(bytes), Error, "[onnx interpreter] no ONNX file");
  const onnx::GraphProto& graph = model.graph();
  std::map<std::string, Value> values = {{graph.input(0).name(), image}};
  for (const auto& tensor : graph.initializer()) values[tensor.name()] = value_of(tensor);
  for (const auto& node : graph.node()) {
    std::vector<Value> inputs;
    for (const std::string& name : node.input()) {
      inputs.push_back(name.empty() ? Value() : values.at(name));
    }
    values[node.output(0)] = Evaluation(node, std::move(inputs)).result();
  }
  std::map<std::string, Value> outputs;
  for (const auto& output : graph.output()) outputs[output.name()] = values.at(output.name());
  return outputs;
}

}  // namespace dmf
