// What the living page's module computes, by the native engine: for tests/living_page/page_numbers.py.
// stdin: height, width, logits, labels. stdout: a line for each loss, its name, value and gradient; then lines of the first
// steps of the training.
#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "apps/living_page/calls.h"

int main() {
  int height = 0, width = 0;
  std::cin >> height >> width;
  std::vector<double> logits(static_cast<std::size_t>(2 * height * width)),
      labels(logits.size() / 2), gradient(logits.size());
  for (double& logit : logits) std::cin >> logit;
  for (double& label : labels) std::cin >> label;
  if (!std::cin) {
    fmt::print(stderr, "expected height, width, logits and labels\n");
    return 2;
  }
  for (int place = 0; living_loss_name(place) != nullptr; ++place) {
    double value = 0.0;
    if (living_loss(living_loss_name(place), height, width, logits.data(), labels.data(), 0, &value,
                    gradient.data()) != 0) {
      fmt::print(stderr, "{}\n", living_error());
      return 1;
    }
    fmt::print("{} {:.17g} {:.17g}\n", living_loss_name(place), value, fmt::join(gradient, " "));
  }
  std::vector<double> row(9);  // three losses and an auxiliary one, what each counts, the objective
  int result = living_train_begin(32, 32, 8, 4, "cce,mean_iou,mean_dice", "cb_dice", "variance", 20,
                                  0.002, 1);
  for (int step = 0; step < 4 && result == 0; ++step) {
    result = living_train_step(row.data());
    fmt::print("step{} {:.9g}\n", step, fmt::join(row, " "));
  }
  return result == 0 ? 0 : 1;
}
