#include "layers/networks/network_trace.h"

#include <algorithm>
#include <unordered_map>

#include "engine/autograd/trace.h"

namespace dmf {
namespace {

/// A run of pixels along one axis, first to last; empty before anything is added.
struct Range {
  Index first = 1, last = 0;

  bool empty() const { return first > last; }
  void add(const Range& other) {
    if (other.empty()) return;
    *this = empty() ? other : Range{std::min(first, other.first), std::max(last, other.last)};
  }
};

Index floor_divided(Index a, Index by) {
  return a >= 0 ? a / by : -((by - 1 - a) / by);
}

/// The pixels of an op's input that a range of its result depends on.
///
/// in, out  the input's size along the axis, and the result's
Range read_by(const TracedOp& op, const Range& range, Index in, Index out) {
  switch (op.op) {
    case Op::conv2d:
    case Op::depthwise_conv2d: {
      const Index stride = (in + out - 1) / out, front = (op.kernel - 1) / 2;
      return {range.first * stride - front, range.last * stride - front + op.kernel - 1};
    }
    case Op::conv_transpose2d: {
      const Index stride = out / in, front = (op.kernel - stride) / 2;
      // A pixel i gives the results from i * stride - front on, as many as the kernel is long.
      return {floor_divided(range.first + front - op.kernel + stride, stride),
              floor_divided(range.last + front, stride)};
    }
    case Op::max_pool2d: {
      const Index stride = in / out;
      return {range.first * stride, range.last * stride + stride - 1};
    }
    case Op::upsample_bilinear2d:
      return {floor_divided(2 * range.first - 1, 4), floor_divided(2 * range.last - 1, 4) + 1};
    default:
      return range;  // pixel by pixel; images are padded behind their last
  }
}

/// The longest run of an image's pixels along an axis (1: height, 2: width) that a pixel of the logits
/// depends on.
Index longest_run(const NetworkTrace& trace, int axis) {
  const std::vector<TracedOp>& ops = trace.ops;
  Index longest = 0;
  for (Index pixel = 0; pixel < ops[trace.logits].shape[axis]; ++pixel) {
    std::vector<Range> ranges(ops.size());
    Range of_image;
    ranges[trace.logits] = {pixel, pixel};
    for (std::size_t k = ops.size(); k-- > 0;) {
      if (ranges[k].empty()) continue;
      for (const std::size_t input : ops[k].inputs) {
        const bool is_image = input == TracedOp::kImage;
        const Index in = (is_image ? trace.image : ops[input].shape)[axis];
        const Range part = read_by(ops[k], ranges[k], in, ops[k].shape[axis]);
        (is_image ? of_image : ranges[input]).add(part);
      }
    }
    longest = std::max(longest, of_image.last - of_image.first + 1);
  }
  return longest;
}

}  // namespace

std::optional<ReceptiveField> NetworkTrace::receptive_field() const {
  const bool by_image = std::any_of(ops.begin(), ops.end(),
                                    [](const TracedOp& op) { return op.op == Op::group_norm; });
  if (by_image) return std::nullopt;
  return ReceptiveField{longest_run(*this, 1), longest_run(*this, 2)};
}

template <class S>
NetworkTrace trace_network(Network<S>& network, Index height, Index width) {
  struct Parameter {
    std::string module;
    Shape shape;
  };
  std::unordered_map<const GradSlot<S>*, Parameter> parameters;
  for (const NamedParameter<S>& each : network.named_parameters()) {
    parameters[each.variable.slot().get()] = {each.name.substr(0, each.name.rfind('.')),
                                              each.variable.shape()};
  }
  NetworkTrace result{Shape{1, height, width, network.spec().in_channels}, {}, 0};
  const Variable<S> image(Tensor<S>::zeros(result.image, network.device()), true);
  const bool trained = network.training();
  network.train(false);
  const OpTrace<S> trace;
  const std::vector<Variable<S>> heads = network.heads(image);
  network.train(trained);

  std::unordered_map<const GradSlot<S>*, std::size_t> places;
  for (const auto& [slot, shape] : trace.entries()) {
    TracedOp op{slot->producer->op(), "", 0, 1, 0, {}, shape};
    Index weights = 0;
    for (const auto& input : slot->producer->inputs()) {
      if (const auto own = parameters.find(input.get()); own != parameters.end()) {
        op.module = own->second.module;
        op.parameters += own->second.shape.numel();
        if (own->second.shape.rank() == 1) continue;
        op.kernel = own->second.shape[0];
        weights = own->second.shape.numel();
      } else if (const auto place = places.find(input.get()); place != places.end()) {
        op.inputs.push_back(place->second);
      } else if (input == image.slot()) {
        op.inputs.push_back(TracedOp::kImage);
      }
    }
    // Each weight meets every pixel of the result; of a transposed convolution every one of its input.
    const Shape& met = op.op == Op::conv_transpose2d ? result.ops[op.inputs.front()].shape : shape;
    op.multiplications = weights * met[1] * met[2];
    places[slot.get()] = result.ops.size();
    result.ops.push_back(std::move(op));
  }
  result.logits = places.at(heads.front().slot().get());
  return result;
}

template NetworkTrace trace_network(Network<float>&, Index, Index);
template NetworkTrace trace_network(Network<double>&, Index, Index);

}  // namespace dmf
