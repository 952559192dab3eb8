// Numbers in, weights and gamma out: the weighting alone.
#include <cstdio>
#include <vector>

#include "dmf/fusion.h"

int main() {
  dmf::Fusion fusion({.losses = {"cce", "mean_dice"}, .history_size = 2});
  for (const auto& values : {std::vector<double>{1.0, 0.9}, {0.5, 0.8}, {0.4, 0.7}}) {
    const auto [weights, gamma] = fusion.step(values);
    std::printf("%.4f %.4f %.4f\n", weights[0], weights[1], gamma);
  }
}
