#include "apps/training/sharded_stepper.h"

#include <algorithm>

#include "apps/processes/ordered_sum.h"
#include "engine/core/check.h"
#include "engine/ops/concat.h"

namespace dmf {
namespace {

/// Tensors side by side as one, [n].
template <class Tensors>
Tensor<float> side_by_side(const Tensors& tensors) {
  Index size = 0;
  for (const Tensor<float>& tensor : tensors) size += tensor.numel();
  Tensor<float> all(Shape{size});
  float* to = all.data();
  for (const Tensor<float>& tensor : tensors) {
    to = std::copy_n(tensor.data(), tensor.numel(), to);
  }
  return all;
}

std::vector<Tensor<float>> buffers_of(const Network<float>& network) {
  std::vector<Tensor<float>> buffers;
  for (const auto& buffer : network.named_buffers()) buffers.push_back(buffer.tensor);
  return buffers;
}

void set_buffers(const Network<float>& network, const Tensor<float>& all) {
  Index at = 0;
  for (const Tensor<float>& buffer : buffers_of(network)) {
    buffer.copy_from(all.section(at, buffer.shape()));
    at += buffer.numel();
  }
}

/// Of each parameter that has a gradient, in the network's order.
std::vector<Variable<float>> with_gradient(const Network<float>& network) {
  std::vector<Variable<float>> parameters;
  for (const auto& parameter : network.named_parameters()) {
    if (parameter.variable.grad().defined()) parameters.push_back(parameter.variable);
  }
  return parameters;
}

/// The rows that each process has of a tensor of so many in the whole batch, `each` elements a row.
std::vector<ChunkRange> parts_of(const Processes& processes, Index rows, Index each) {
  std::vector<ChunkRange> parts = shares(processes, rows);
  for (ChunkRange& part : parts) part = {part.begin * each, part.end * each};
  return parts;
}

/// The whole batch's tensor from every process's part of it.
///
/// part  [n, ...] of this process
/// rows  N of the whole
template <class T>
Tensor<T> gathered(Processes& processes, const Tensor<T>& part, Index rows) {
  if (processes.count() == 1) return part;
  const Index each = part.numel() / part.size(0);
  const std::vector<ChunkRange> parts = parts_of(processes, rows, each);
  Tensor<T> whole(part.shape().with(0, rows));
  std::copy_n(part.data(), part.numel(),
              whole.data() + parts[static_cast<std::size_t>(processes.rank())].begin);
  gather(processes, whole.span(), parts);
  return whole;
}

}  // namespace

ShardedStepper::ShardedStepper(Network<float>& network, const FusedLoss<float>& loss,
                               Optimizer<float>& optimizer, double max_norm, Index shards,
                               Processes& processes)
    : network_(network),
      loss_(loss),
      optimizer_(optimizer),
      max_norm_(max_norm),
      shards_(shards),
      processes_(processes) {
  assert(shards % processes.count() == 0);
  step_.factors = Tensor<float>(Shape{static_cast<Index>(loss.names().size())});
}

const LossValues<float>& ShardedStepper::values(WithGradients gradients) {
  optimizer_.zero_grad();
  pass_forward();
  gather_labels();
  step_.score(logits_, loss_, gradients);
  return step_.values;
}

void ShardedStepper::pass_forward() {
  const auto images = static_cast<Index>(next_.items.size());
  const Index each = shards_ / processes_.count(), first = each * processes_.rank();
  const Index begin = even_share(images, processes_.count(), processes_.rank()).begin;
  const Shape& shape = next_.images.shape();
  const Tensor<float> before = side_by_side(buffers_of(network_));
  const Tensor<float> after(Shape{shards_, before.numel()});  // of every shard
  own_.clear();
  for (Index s = first; s < first + each; ++s) {
    Shard& shard = own_.emplace_back();
    shard.images = even_share(images, shards_, s);
    const Index at = shard.images.begin - begin;
    set_buffers(network_, before);
    // Its own draws, which no process or earlier shard changes.
    network_.set_passes(static_cast<std::uint64_t>(optimizer_.steps() * shards_ + s));
    shard.heads = network_.trained_logits(next_.images.section(
        at * shape.numel() / shape[0], shape.with(0, shard.images.end - shard.images.begin)));
    after.slice(s).copy_from(side_by_side(buffers_of(network_)));
  }
  gather(processes_, after.span(), parts_of(processes_, shards_, before.numel()));
  for (Index i = 0; i < before.numel(); ++i) {
    double sum = 0.0;
    for (Index s = 0; s < shards_; ++s) {
      const ChunkRange of = even_share(images, shards_, s);
      sum += static_cast<double>(of.end - of.begin) *
             static_cast<double>(after.data()[s * before.numel() + i]);
    }
    before.data()[i] = static_cast<float>(sum / static_cast<double>(images));
  }
  set_buffers(network_, before);

  logits_.clear();
  for (std::size_t h = 0; h < own_.front().heads.size(); ++h) {
    std::vector<Tensor<float>> values;
    for (const Shard& shard : own_) values.push_back(shard.heads[h].value());
    const Tensor<float> part =
        side_by_side(values).reshape(values.front().shape().with(0, shape[0]));
    logits_.emplace_back(gathered(processes_, part, images), true);
  }
}

void ShardedStepper::gather_labels() {
  const auto images = static_cast<Index>(next_.items.size());
  if (next_.soft_labels.defined()) {
    step_.labels = gathered(processes_, next_.soft_labels, images);
  } else {
    step_.labels = Labels(gathered(processes_, next_.labels.tensor(), images),
                          next_.labels.classes(), next_.labels.ignore_index());
  }
}

void ShardedStepper::update(const std::vector<double>& factors, double lr) {
  step_.set_factors(factors);
  optimizer_.begin_step(lr);
  step_.backward();
  std::vector<Tensor<float>> gradients;
  for (Shard& shard : own_) gradients.push_back(pass_backward(shard));
  const Tensor<float> sum = ordered_sum(processes_, gradients);
  Index at = 0;
  for (const Variable<float>& parameter : with_gradient(network_)) {
    parameter.backward(sum.section(at, parameter.shape()));  // which becomes the gradient of a leaf
    at += parameter.value().numel();
  }
  own_.clear();
  optimizer_.update(max_norm_);
}

Tensor<float> ShardedStepper::pass_backward(Shard& shard) {
  optimizer_.zero_grad();
  std::vector<Variable<float>> received;  // the objective's gradient for the shard's logits
  for (std::size_t h = 0; h < logits_.size(); ++h) {
    const Tensor<float>& whole = logits_[h].grad();
    received.emplace_back(
        whole.section(shard.images.begin * whole.numel() / whole.size(0), shard.heads[h].shape()));
  }
  concat(shard.heads).backward(concat(received).value());  // all heads in one walk
  shard.heads.clear();
  std::vector<Tensor<float>> gradients;
  for (const Variable<float>& parameter : with_gradient(network_)) {
    gradients.push_back(parameter.grad());
  }
  return side_by_side(gradients);
}

TrainingSteps::Outcome ShardedStepper::finish() {
  const bool updated = optimizer_.end_step();
  return {static_cast<double>(step_.total.value().item()), updated};
}

}  // namespace dmf
