// Another project's trainer: its own numbers, this library's fused loss.
#include <cstdio>

#include "dmf/fused_loss.h"
#include "engine/optim/optimizer.h"
#include "losses/registry.h"

int main() {
  dmf::Variable<float> logits(dmf::Tensor<float>::zeros(dmf::Shape{1, 8, 8, 2}), true);
  dmf::Tensor<std::int32_t> truth = dmf::Tensor<std::int32_t>::zeros(dmf::Shape{1, 8, 8});
  for (int i = 0; i < 20; ++i) truth.data()[i] = 1;
  const dmf::Labels labels(truth, 2);
  std::vector<std::unique_ptr<dmf::Loss<float>>> losses;
  for (const char* name : {"cce", "mean_dice"}) losses.push_back(dmf::make_loss<float>(name));
  dmf::FusedLoss<float> fused(std::move(losses), dmf::make_loss<float>("tversky"),
                              {.history_size = 5});
  const auto adam = dmf::make_adam<float>({{"logits", logits}}, {});
  for (int step = 0; step < 40; ++step, adam->step(0.1), adam->zero_grad()) {
    const auto result = fused.step(logits, labels);
    result.total.backward();
    if (step % 39 == 0)
      std::printf("step %d: %.6f\n", step, static_cast<double>(result.total.value().item()));
  }
}
