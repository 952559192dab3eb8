#include <doctest/doctest.h>

#include "apps/experiment/report/run_comparison.h"
#include "tests/support/has.h"
#include "tests/support/temporary_folder.h"

// Two runs side by side.

namespace dmf {
namespace {

using doctest::Contains;

/// A run whose test images have a lesion of 10 pixels, of which so many are found.
RunResult run_of(const std::filesystem::path& folder, const std::vector<int>& hits,
                 const std::string& config) {
  std::filesystem::create_directories(folder);
  write_text(folder / "config.toml", config);
  RunResult run;
  run.folder = folder;
  run.configuration = "fixed";
  run.from.fingerprint = "f";
  run.from.split = "random split, seed 1";
  for (std::size_t k = 0; k < hits.size(); ++k) {
    ImageScore image{"i" + std::to_string(k), ConfusionMatrix(2), {}};
    image.confusion.add_count(1, 1, hits[k]);
    image.confusion.add_count(1, 0, 10 - hits[k]);
    image.confusion.add_count(0, 0, 90);
    run.images.push_back(image);
  }
  return run;
}

}  // namespace

TEST_CASE("compare: options that differ, the paired difference, the images that differ most") {
  const TemporaryFolder folder;
  const RunResult a = run_of(folder / "g 1/r1", {2, 5, 10, 9}, "lr=0.1\nseed=1\nnew=2\n"),
                  b = run_of(folder / "g 2/r1", {2, 5, 2}, "lr=0.2\nseed=1\n");
  const RunComparison both = compare_runs(a, b, folder / "out/page.html");
  // Of the third image 2 tp / (tp + 10) is 1 and 1/3; the fourth is tested by one of them alone.
  CHECK(has(both.sentence, "A is higher than B by 0.222 of lesion Dice per image"));
  CHECK(has(both.sentence, "Wilcoxon's p 1.00, 3 test images"));
  CHECK(has(both.page, "<td>+0.667</td>"));
  CHECK(has(both.page, ">i2</th>"));
  CHECK_FALSE(has(both.page, ">i1</th>"));
  CHECK(has(both.page, ">lr</th><td>0.1</td><td>0.2</td>"));
  CHECK(has(both.page, ">new</th><td>2</td><td>not known then</td>"));
  CHECK_FALSE(has(both.page, ">seed</th>"));
  CHECK(has(both.page, "href=\"../g%201/r1/report.html\""));
  CHECK(has(both.page, "<path class=\"mark\" d=\"M"));  // the diagonal
  CHECK(has(compare_runs(b, b, folder / "p.html").sentence,
            "Both have the same Dice on all 3 test images."));
  RunResult other = b;
  other.from.fingerprint = "g";
  CHECK_THROWS_WITH_AS(compare_runs(a, other, "p.html"), Contains("runs of different data sets"),
                       IoError);
  other = b;
  for (ImageScore& image : other.images) image.id += "x";
  CHECK_THROWS_WITH_AS(compare_runs(a, other, "p.html"),
                       Contains("no test image with a lesion in common"), IoError);
  CHECK_THROWS_WITH_AS(read_run(folder / "g 1/r1"), Contains("is no finished run"), IoError);
}

}  // namespace dmf
