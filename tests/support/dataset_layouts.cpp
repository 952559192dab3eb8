#include "tests/support/dataset_layouts.h"

#include <fmt/format.h>

#include <array>
#include <cctype>

namespace dmf {
namespace {

template <std::size_t N>
std::string one_of(const std::array<const char*, N>& texts, Rng& rng) {
  return texts[rng.below(N)];
}

/// NAME, NAME_1, NAME_2: several masks of one image.
std::vector<std::string> numbered(const std::string& stem, int masks) {
  std::vector<std::string> names;
  for (int k = 0; k < masks; ++k) names.push_back(k == 0 ? stem : fmt::format("{}_{}", stem, k));
  return names;
}

/// How the images of a set are called.
std::function<std::string(int)> stems(Rng& rng) {
  const auto seed = rng.below(1000000);
  switch (rng.below(7)) {
    case 0:
      return [](int i) { return fmt::format("case{}", i); };
    case 1:
      return [](int i) { return fmt::format("IMG_{:04}", i * 7); };
    case 2:
      return [](int i) { return fmt::format("P{:02}-{}", 1 + i / 2, i % 2 == 0 ? "l" : "r"); };
    case 3:
      return [](int i) { return fmt::format("malignant ({})", i); };
    case 4:
      return
          [=](int i) { return fmt::format("{:06x}f", (seed + 77777u * unsigned(i)) % 0xffffff); };
    case 5:
      return [](int i) { return fmt::format("K\xc3\xb6rper.{}", i); };
    default:
      return [](int i) { return fmt::format("{}", i); };
  }
}

/// A word or two that may stand before or behind a name, where nobody told us of it.
std::string unknown_word(Rng& rng) {
  std::string word;
  for (auto n = 4 + rng.below(5); n > 0; --n) word += static_cast<char>('a' + rng.below(26));
  return word;
}

}  // namespace

std::vector<WrittenLayout> written_layouts(Rng& rng) {
  constexpr std::array kImages{"images", "image", "imgs", "img", "JPEGImages", "originals"};
  constexpr std::array kMasks{
      "masks", "mask",        "labels",       "label",        "annotations",
      "gt",    "groundtruth", "ground_truth", "segmentation", "SegmentationClass"};
  constexpr std::array kWords{"mask", "seg", "gt", "label", "annotation", "lesion", "tumor"};
  constexpr std::array kBetween{"_", "-", " "};
  constexpr std::array kTrain{"train", "training", "Train"};
  constexpr std::array kValidation{"val", "valid", "validation", "VAL"};
  const auto part = [train = one_of(kTrain, rng), validation = one_of(kValidation, rng)](int i) {
    return i % 3 == 1 ? train : i % 3 == 2 ? validation : std::string("test");
  };
  const auto kind = [](int i) { return std::string(i % 2 == 0 ? "benign" : "malignant"); };
  const std::string images = one_of(kImages, rng), masks = one_of(kMasks, rng);
  const std::string word = one_of(kWords, rng), between = one_of(kBetween, rng);
  const std::string before = fmt::format("{}{}", unknown_word(rng), one_of(kBetween, rng));
  const std::string behind = fmt::format("{}{}", one_of(kBetween, rng), unknown_word(rng));
  const bool is_prefix = rng.coin();
  const auto stem = stems(rng);

  return {
      {"BUSI",
       [=](int i, int n) {
         const std::string name = fmt::format("{}/{} ({})", kind(i), kind(i), i);
         return Place{name, numbered(name + "_mask", n)};
       },
       3, false, true},
      {"class folders",
       [=](int i, int n) {
         return Place{fmt::format("{}/{}/{}", kind(i), images, stem(i)),
                      numbered(fmt::format("{}/{}/{}", kind(i), masks, stem(i)), n)};
       },
       3, false, true},
      {"images + masks",
       [=](int i, int n) {
         return Place{images + "/" + stem(i), numbered(masks + "/" + stem(i), n)};
       }},
      {"their names with words",
       [=](int i, int n) {
         const std::string name = is_prefix ? word + between + stem(i) : stem(i) + between + word;
         return Place{images + "/" + stem(i), numbered(masks + "/" + name, n)};
       },
       3, true},
      {"with any prefix",
       [=](int i, int n) {
         return Place{images + "/" + stem(i), numbered(masks + "/" + before + stem(i), n)};
       },
       3, true},
      {"with any suffix",
       [=](int i, int n) {
         return Place{images + "/" + stem(i), numbered(masks + "/" + stem(i) + behind, n)};
       },
       3, true},
      {"masks beside",
       [=](int i, int n) {
         const std::string name = is_prefix ? word + between + stem(i) : stem(i) + between + word;
         return Place{"all/" + stem(i), numbered("all/" + name, n)};
       },
       3, true},
      {"beside, any suffix",
       [=](int i, int n) {
         return Place{"all/" + stem(i), numbered("all/" + stem(i) + behind, n)};
       },
       3, true},
      {"nnU-Net",
       [=](int i, int) {
         return Place{fmt::format("images{}/{}_0000", i % 3 == 0 ? "Ts" : "Tr", stem(i)),
                      {fmt::format("labels{}/{}", i % 3 == 0 ? "Ts" : "Tr", stem(i))}};
       },
       1},
      {"parts, each a set",
       [=](int i, int n) {
         return Place{fmt::format("{}/{}/{}", part(i), images, stem(i)),
                      numbered(fmt::format("{}/{}/{}", part(i), masks, stem(i)), n)};
       },
       3, false, true},
      {"parts inside",
       [=](int i, int n) {
         return Place{fmt::format("{}/{}/{}", images, part(i), stem(i)),
                      numbered(fmt::format("{}/{}/{}", masks, part(i), stem(i)), n)};
       }},
      {"parts in names",
       [=](int i, int n) {
         return Place{fmt::format("{}_images/{}", part(i), stem(i)),
                      numbered(fmt::format("{}_masks/{}", part(i), stem(i)), n)};
       }},
      {"classes inside",
       [=](int i, int n) {
         return Place{fmt::format("{}/{}/{}", images, kind(i), stem(i)),
                      numbered(fmt::format("{}/{}/{}", masks, kind(i), stem(i)), n)};
       }},
      {"other words",
       [=](int i, int n) {
         return Place{fmt::format("images/bus_{}-l", i),
                      numbered(fmt::format("masks/mask_{}-l", i), n)};
       }},
      {"unknown words",
       [=](int i, int) {
         return Place{fmt::format("images/scan_{}", i), {fmt::format("masks/painting_{}", i)}};
       },
       1},
  };
}

std::string in_odd_case(const std::string& name, Rng& rng) {
  std::string odd = name;
  for (char& c : odd) {
    if (rng.below(3) == 0) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if ((c == '-' || c == '_') && rng.below(3) == 0) c = "-_ "[rng.below(3)];
  }
  return odd;
}

}  // namespace dmf
