#include "tests/cases/conv_case.h"

namespace dmf {

std::vector<ConvCase> convolutions() {
  const Padding same{1, 1, 1, 1};
  std::vector<ConvCase> cases = {
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
      {{1, 1, 1, 3}, {3, 3, 3, 2}, {1, 1, same}},
      {{2, 8, 8, 1}, {3, 3, 1, 32}, {1, 1, same}},
      {{1, 7, 9, 32}, {3, 3, 32, 32}, {1, 1, same}},
      {{1, 11, 13, 19}, {3, 3, 19, 17}, {1, 1, same}},
      {{3, 5, 4, 50}, {1, 1, 50, 2}, {}},
      {{1, 9, 8, 5}, {3, 3, 5, 7}, {2, 2, {0, 0, 1, 1}}},
      {{1, 8, 9, 5}, {2, 2, 5, 70}, {2, 2, {}}},
      {{2, 6, 5, 4}, {5, 3, 4, 3}, {1, 2, {2, 0, 2, 3}}},
      {{1, 4, 4, 3}, {1, 1, 3, 3}, {3, 2, {}}},
      {{1, 3, 3, 2}, {3, 3, 2, 2}, {}},
      {{1, 6, 6, 100}, {3, 3, 100, 130}, {1, 1, same}},
  };
  Rng rng(123);  // and some that nobody chose
  for (int i = 0; i < 30; ++i) {
    const auto draw = [&rng](int lo, int hi) {
      return lo + static_cast<int>(rng.below(static_cast<std::uint64_t>(hi - lo + 1)));
    };
    const int KH = draw(1, 4), KW = draw(1, 4), C = draw(1, 40);
    cases.push_back({{draw(1, 3), draw(KH, 12), draw(KW, 12), C},
                     {KH, KW, C, draw(1, 40)},
                     {draw(1, 3), draw(1, 3), {draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)}}});
  }
  return cases;
}

}  // namespace dmf
