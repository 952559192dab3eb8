#include "apps/training/stepper.h"

#include "dmf/training_step.h"
#include "engine/tensor/allocator.h"

namespace dmf {

/// What steps with batches of one size compute with. Where work is recorded, the handles keep the
/// memory that it reads and writes.
struct Stepper::Pass {
  WithGradients gradients;
  TrainingStep<float> step;
  std::optional<RecordedWork> forward, backward;
};

Stepper::Stepper(Network<float>& network, const FusedLoss<float>& loss, Optimizer<float>& optimizer,
                 double max_norm)
    : network_(network),
      loss_(loss),
      optimizer_(optimizer),
      max_norm_(max_norm),
      device_(network.device()),
      records_(!device_.is_cpu() && !network.is_random() &&
               loss.gradients_at() == GradientsAt::logits) {
  if (records_) pool_ = std::make_unique<MemoryPool>(device_);
}

Stepper::~Stepper() = default;

void Stepper::send(const Batch& batch) {
  next_ = batch;
  if (device_.is_cpu()) return;
  const auto pixels = batch.images.span();
  const auto labels = batch.labels.tensor().span();
  if (!image_upload_) {  // no batch is larger than twice the first: see Loader
    image_upload_.emplace(device_, 2 * pixels.size_bytes());
    label_upload_.emplace(device_, 2 * labels.size_bytes());
  }
  image_upload_->send(pixels.data(), pixels.size_bytes());
  label_upload_->send(labels.data(), labels.size_bytes());
  is_sent_ = true;
}

Stepper::Pass& Stepper::pass_for(const Shape& images, WithGradients gradients) {
  std::unique_ptr<Pass>& pass = passes_[{{images[0], images[1], images[2]}, gradients}];
  if (pass == nullptr) {
    pass = std::make_unique<Pass>();
    pass->gradients = gradients;
    pass->step.factors = Tensor<float>(Shape{static_cast<Index>(loss_.names().size())}, device_);
    if (!device_.is_cpu()) {
      pass->step.images = Tensor<float>(images, device_);
      pass->step.labels = next_.labels_of_losses().to(device_);
    }
  }
  return *pass;
}

void Stepper::compute_values(Pass& pass) {
  optimizer_.zero_grad();
  pass.step.forward(network_, loss_, pass.gradients);
}

void Stepper::compute_update(Pass& pass) {
  pass.step.backward();
  optimizer_.update(max_norm_);
}

const LossValues<float>& Stepper::values(WithGradients gradients) {
  Pass& pass = pass_for(next_.images.shape(), gradients);
  current_ = &pass;
  if (device_.is_cpu()) {
    pass.step.images = next_.images.to(device_);
    pass.step.labels = next_.labels_of_losses().to(device_);
  } else if (is_sent_) {
    image_upload_->receive(pass.step.images.data());
    label_upload_->receive(pass.step.labels.hard.tensor().data());
    is_sent_ = false;
  }
  if (records_ && !pass.forward) {
    const MemoryPool::Scope scope(*pool_);
    pass.forward.emplace(device_, [&] { compute_values(pass); });
    pass.backward.emplace(device_, [&] {
      compute_update(pass);
      optimizer_.zero_grad();
    });
  }
  if (pass.forward) {
    pass.forward->replay();
  } else {
    compute_values(pass);
  }
  return pass.step.values;
}

const std::optional<Gram>& Stepper::gradients() const {
  return current_->step.gradients;
}

void Stepper::update(const std::vector<double>& factors, double lr) {
  Pass& pass = *current_;
  pass.step.set_factors(factors);
  optimizer_.begin_step(lr);
  if (pass.backward) {
    pass.backward->replay();
  } else {
    compute_update(pass);
  }
}

Stepper::Outcome Stepper::finish() {
  const bool updated = optimizer_.end_step();
  const double total = static_cast<double>(current_->step.total.value().item());
  return {total, updated};
}

}  // namespace dmf
