#include <doctest/doctest.h>

#include "apps/training/run_lines.h"

namespace dmf {

TEST_CASE("epoch line: losses by name where there is room, 80 columns where names are long") {
  TrainOptions options;
  options.losses = {"cce", "mean_dice"};
  options.auxiliary = "none";
  CHECK(epoch_line(options, {3, 10, 0.25, 0.5, 0.8125, true}, {{0.25, 0.75}, 0.0}, "9 s") ==
        "epoch 3/10 loss 0.250/0.500 lesion Dice 0.812* cce .25 mean_dice .75 9 s left");
  options.losses = {"cce", "mean_iou", "mean_dice"};
  options.auxiliary = "cb_dice";
  const std::string line =
      epoch_line(options, {100, 100, 0.25, 0.5, 0.5, false}, {{0.0, 0.0, 1.0}, 4.96}, "1:02:03");
  CHECK(line ==
        "epoch 100/100 loss 0.250/0.500 lesion Dice 0.500  w .00 .00 1.00 gamma 5.0 1:02:03 left");
  CHECK(factors_text(options, {{0.2, 0.3, 0.5}, 1.0}, 44) ==
        "cce .20 mean_iou .30 mean_dice .50 gamma 1.0");
  CHECK(factors_text(options, {{0.2, 0.3, 0.5}, 1.0}, 43) == "w .20 .30 .50 gamma 1.0");
}

}  // namespace dmf
