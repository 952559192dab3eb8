#include "apps/benchmarks/timed_step.h"

#include "apps/benchmarks/timing.h"
#include "engine/core/rng.h"

namespace dmf {

TimedStep::TimedStep(const Workload& workload, Device device) {
  network_ = make_network<float>(network_spec(workload.model), device);
  Rng rng(1);
  const Tensor<float> images(Shape{workload.batch, workload.image, workload.image, 1});
  for (float& pixel : images.span()) pixel = static_cast<float>(rng.normal());
  input_ = Variable<float>(images.to(device));
  const Tensor<std::int32_t> labels(Shape{workload.batch, workload.image, workload.image});
  for (std::int32_t& label : labels.span()) label = rng.coin() ? 1 : 0;
  labels_ = Labels(labels, network_->spec().classes).to(device);
  optimizer_ = make_adam(network_->named_parameters(), {});
}

TimedStep::Times TimedStep::run(const Objective& objective) {
  const auto start = Clock::now();
  optimizer_->zero_grad();
  Variable<float> value;
  double forward = 0.0;
  {
    const Variable<float> logits = network_->forward(input_);
    forward = milliseconds_since(start);
    value = objective(logits, labels_);
  }
  const double after_loss = milliseconds_since(start);
  value.backward();
  const double after_backward = milliseconds_since(start);
  optimizer_->step(1e-3);
  const double total = milliseconds_since(start);
  return {forward, after_loss - forward, after_backward - after_loss, total - after_backward,
          total};
}

void TimedStep::stop_training() {
  optimizer_->zero_grad();
  network_->train(false);
  network_->keep_weights();
}

double TimedStep::infer() const {
  const NoGrad no_grad;
  const auto start = Clock::now();
  network_->forward(input_);
  return milliseconds_since(start);
}

}  // namespace dmf
