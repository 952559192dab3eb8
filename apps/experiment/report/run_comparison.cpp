#include "apps/experiment/report/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "apps/experiment/report/comparison.h"
#include "apps/options/config_lines.h"
#include "apps/page/page.h"
#include "apps/page/plot.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// An image with a lesion that both runs test.
struct Pair {
  const ImageScore *a, *b;
  double difference() const { return a->lesion_dice() - b->lesion_dice(); }
};

std::vector<Pair> pairs_of(const RunResult& a, const RunResult& b) {
  std::map<std::string, const ImageScore*> theirs;
  for (const ImageScore& image : b.images) theirs[image.id] = &image;
  std::vector<Pair> pairs;
  for (const ImageScore& image : a.images) {
    const auto found = theirs.find(image.id);
    if (found != theirs.end() && image.has_lesion()) pairs.push_back({&image, found->second});
  }
  DMF_CHECK(!pairs.empty(), IoError,
            "[compare] {} and {} have no test image with a lesion in common.", a.folder.string(),
            b.folder.string());
  return pairs;
}

/// "grid/fixed/r1", as much of the folder's path as tells it from others.
std::string name_of(const RunResult& run) {
  constexpr int kParts = 3;
  fs::path path = fs::weakly_canonical(fs::current_path() / run.folder), name;
  for (int k = 0; k < kParts && path.has_relative_path(); ++k, path = path.parent_path()) {
    name = name.empty() ? path.filename() : path.filename() / name;
  }
  return name.string();
}

/// The options that are not the same, a row each.
std::string options_html(const RunResult& a, const RunResult& b) {
  constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 28;
  const auto values_of = [](const RunResult& run) {
    return config_values(read_file(run.folder / "config.toml", kLargest));
  };
  const std::map<std::string, std::string> ours = values_of(a), theirs = values_of(b);
  std::set<std::string> keys;
  for (const auto* values : {&ours, &theirs}) {
    for (const auto& [key, unused] : *values) keys.insert(key);
  }
  HtmlTable table{.caption = "Options that differ", .columns = {"option", "A", "B"}, .rows = {}};
  const auto add = [&table](const std::string& name, const std::string& x, const std::string& y) {
    if (x != y) table.rows.push_back({name, x, y});
  };
  const auto value = [](const std::map<std::string, std::string>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string("not known then") : found->second;
  };
  for (const std::string& key : keys) add(key, value(ours, key), value(theirs, key));
  add("version", a.from.version, b.from.version);
  add("commit", a.from.commit, b.from.commit);
  add("machine", a.from.machine, b.from.machine);
  return table.rows.empty() ? "<p>None.</p>\n" : html(table);
}

/// A number of both runs, each the mean over the images, and the mean difference with its interval.
std::string scores_html(const std::vector<Pair>& pairs) {
  HtmlTable table{
      .caption = "Mean scores", .columns = {"per image", "A", "B", "A minus B (95 %)"}, .rows = {}};
  const auto add = [&](const std::string& name, int digits, auto&& value_of) {
    std::vector<double> ours, theirs, differences;
    for (const Pair& pair : pairs) {
      ours.push_back(value_of(*pair.a));
      theirs.push_back(value_of(*pair.b));
      differences.push_back(ours.back() - theirs.back());
    }
    table.rows.push_back({name, fmt::format("{:.{}f}", mean_deviation(ours).mean, digits),
                          fmt::format("{:.{}f}", mean_deviation(theirs).mean, digits),
                          difference_text(mean_with_interval(differences), digits)});
  };
  add("lesion Dice", 3, [](const ImageScore& image) { return image.lesion_dice(); });
  for (const auto& [name, metric] :
       {std::pair{"IoU", "iou"}, {"precision", "precision"}, {"recall", "recall"}}) {
    add(name, 3, [metric = metric](const ImageScore& image) {
      return score(lesion_against_rest(image.confusion), 0.0)[metric].per_class[1];
    });
  }
  add("Hausdorff 95 %, pixels", 1, [](const ImageScore& image) { return image.surface.hd95; });
  add("surface distance, pixels", 2, [](const ImageScore& image) { return image.surface.average; });
  add("missed, share", 3,
      [](const ImageScore& image) { return image.predicted_lesion() ? 0.0 : 1.0; });
  return html(table);
}

std::string scatter_html(const std::vector<Pair>& pairs) {
  Series images{"test images", {}, {}};
  for (const Pair& pair : pairs) {
    images.x.push_back(pair.a->lesion_dice());
    images.y.push_back(pair.b->lesion_dice());
  }
  Plot plot{.title = "Lesion Dice of each test image",
            .x = "A",
            .y = "B",
            .series = {std::move(images)},
            .kind = PlotKind::points};
  plot.x_range = plot.y_range = AxisRange{0.0, 1.0};
  plot.diagonal = true;
  plot.height = plot.width;
  return plots_html({plot});
}

/// The images whose Dice differs most, the first most of all.
std::string extremes_html(std::vector<Pair> pairs) {
  constexpr std::size_t kShown = 12;
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::abs(x.difference()) > std::abs(y.difference());
  });
  HtmlTable table{.caption = "Images that differ most",
                  .columns = {"image", "lesion, % of the image", "Dice of A", "of B", "A minus B"},
                  .rows = {},
                  .sortable = true};
  for (std::size_t k = 0; k < std::min(kShown, pairs.size()); ++k) {
    const Pair& pair = pairs[k];
    if (pair.difference() == 0.0) break;
    table.rows.push_back({pair.a->id, fmt::format("{:.1f}", 100.0 * pair.a->lesion_share()),
                          fmt::format("{:.3f}", pair.a->lesion_dice()),
                          fmt::format("{:.3f}", pair.b->lesion_dice()),
                          fmt::format("{:+.3f}", pair.difference())});
  }
  return table.rows.empty() ? "<p>None.</p>\n" : html(table);
}

std::string sentence_of(const Comparison& comparison) {
  const std::size_t n = comparison.differences.size();
  const std::string images = fmt::format("{} test image{}", n, n == 1 ? "" : "s");
  if (comparison.test.pairs == 0) return fmt::format("Both have the same Dice on all {}.", images);
  return fmt::format(
      "A is {} than B by {:.3f} of lesion Dice per image (A minus B {}, Wilcoxon's p {}, {}). One training each: another may turn this round.",
      comparison.direction(), std::abs(comparison.mean.value), difference_text(comparison.mean),
      p_text(comparison.test.p), images);
}

}  // namespace

RunComparison compare_runs(const RunResult& a, const RunResult& b, const fs::path& at) {
  require_one_data_set(a, b);
  const std::vector<Pair> pairs = pairs_of(a, b);
  std::vector<double> differences;
  for (const Pair& pair : pairs) differences.push_back(pair.difference());
  const std::string sentence = sentence_of(compared("A", "B", std::move(differences)));
  Page page;
  page.title = fmt::format("{} against {}", name_of(a), name_of(b));
  page.badge = badge_of(a.from);
  page.lines = {"Research software, not for diagnosis."};
  std::string runs = "<dl class=\"facts\">\n";
  for (const auto& [letter, run] : {std::pair{"A", &a}, {"B", &b}}) {
    runs += fmt::format("<dt>{}</dt><dd><a href=\"{}\">{}</a>: {}, {}, {} test images</dd>\n",
                        letter, escaped(link_from(at.parent_path(), run->folder / "report.html")),
                        escaped(name_of(*run)), escaped(run->configuration),
                        escaped(run->from.split), run->images.size());
  }
  page.add("What it found", "",
           fmt::format("<p class=\"answer\">{}</p>\n{}</dl>\n", escaped(sentence), runs));
  page.add(
      "Scores",
      fmt::format(
          "Over the {} images with a lesion that both tested; intervals by bootstrap over them.",
          pairs.size()),
      scores_html(pairs));
  page.add("Options that differ", "", options_html(a, b));
  page.add("Image by image", "Above the line B is better, below it A.", scatter_html(pairs));
  page.add("Images that differ most", "", extremes_html(pairs));
  return {sentence, page.html()};
}

}  // namespace dmf
